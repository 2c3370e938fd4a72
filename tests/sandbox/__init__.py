"""Tests of the sandbox: the stand-ins must be trustworthy before anything is proved with them."""
