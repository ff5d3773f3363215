"""The forms of sign-in and passwords, in the portal's words."""

from typing import Any

from allauth.account import forms


class PlainWords:
    """Labels in sentence case above the fields, and nothing inside them: grey words there look like an answer."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
            field.label = str(field.label or "").capitalize()


class Login(PlainWords, forms.LoginForm):  # type: ignore[misc]
    """Sign in."""


class ChangePassword(PlainWords, forms.ChangePasswordForm):  # type: ignore[misc]
    """Change the password, knowing the old one."""


class SetPassword(PlainWords, forms.SetPasswordForm):  # type: ignore[misc]
    """Choose a first password."""


class ResetPassword(PlainWords, forms.ResetPasswordForm):  # type: ignore[misc]
    """Ask for a mail that lets one choose a new password."""


class ResetPasswordFromKey(PlainWords, forms.ResetPasswordKeyForm):  # type: ignore[misc]
    """Choose a new password, coming from that mail."""
