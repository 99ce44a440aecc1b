export OS_AUTH_URL=http://10.13.131.137:5000/v2.0
