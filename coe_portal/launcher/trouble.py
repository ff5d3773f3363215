"""What can go wrong before Django runs, in one sentence each."""


class Trouble(Exception):
    """Something the person at the keyboard can mend; the message says how."""
