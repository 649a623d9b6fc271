"""The plugin's user interface: dialogs, docks, menus and options. It does not access the network, models or pixels."""
