"""The vault of data keys that encrypted values are sealed with (docs/adr/0017).

`master` reads the master keys, `keyring` keeps the wrapped data keys at hand for the driver, `vault` is the one of this
process, `service` is what others use.
"""
