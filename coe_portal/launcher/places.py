"""Where the laptop keeps its state, and the secrets it makes for itself."""

import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from coe_portal.launcher.trouble import Trouble

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Places:
    """The folder ``VAR_DIR`` (default ``var``) and what lies in it."""

    var: Path

    @classmethod
    def find(cls) -> "Places":
        """Make the folder if needed. Raises Trouble when it cannot be written."""
        var = Path(os.environ.get("VAR_DIR") or ROOT / "var").expanduser().absolute()
        try:
            for name in ("log", "run", "media"):
                (var / name).mkdir(parents=True, exist_ok=True, mode=0o700)
            probe = var / "run" / ".probe"
            probe.write_text("ok")
            probe.unlink()
        except OSError as error:
            raise Trouble(
                f"The portal cannot write to {var} ({error.strerror}). Free space or permissions there, "
                "or set VAR_DIR to another folder."
            ) from None
        return cls(var)

    def secret(self, name: str, length: int = 40) -> str:
        """A random secret that is made once and kept, readable by its owner only."""
        path = self.var / name
        if not path.exists():
            temporary = path.with_suffix(".new")
            temporary.touch(mode=0o600)
            temporary.write_text(secrets.token_urlsafe(length))
            temporary.replace(path)
        return path.read_text().strip()

    def port(self, name: str) -> int:
        """A loopback port that is free now; the same as last time if that is still free."""
        path = self.var / "run" / f"{name}.port"
        last = path.read_text().strip() if path.exists() else ""
        if last.isdecimal() and is_free(int(last)):
            return int(last)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        path.write_text(str(port))
        return port


def is_free(port: int) -> bool:
    """Whether nothing listens on this loopback port. PermissionError when only root may take it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise
        except (OSError, OverflowError):
            return False
    return True
