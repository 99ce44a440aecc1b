"""The catalogue of options: one file per project, data alone. `common` holds what all of them share."""
