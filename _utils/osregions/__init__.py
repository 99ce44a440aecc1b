"""One cloud out of several OpenStack clusters: the part that knows nothing of Salt.

Reading makes an immutable picture, a pure function turns picture and wish into a plan, a thin function carries it out.
"""
