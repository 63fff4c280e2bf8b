"""Score sentiment answers (chABSA): labels and opinions. Needs no sandbox."""
