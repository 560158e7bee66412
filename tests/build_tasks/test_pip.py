"""Why an installation failed, in our own words."""

from __future__ import annotations

import pytest

from build_tasks.pip import check_that_environments_can_be_made, explain_failure
from build_tasks.telling import InstallationError


@pytest.mark.parametrize(
    ("said", "explanation"),
    [
        (
            "WARNING: Retrying after connection broken by 'NewConnectionError(...): Temporary "
            "failure in name resolution'\nERROR: No matching distribution found for numpy==2.4.6",
            "cannot be reached",
        ),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "mirror"),
        ("ERROR: No matching distribution found for numpy==2.4.6", "no ready package"),
        ("ERROR: Could not install packages: [Errno 28] No space left on device", "disk is full"),
        ("SSLError(SSLCertVerificationError(1, 'certificate verify failed'))", "its certificate"),
        ("ERROR: something nobody has seen yet", "it gives itself"),
    ],
)
def test_the_cause_of_a_failed_installation_is_recognised(said: str, explanation: str) -> None:
    assert explanation in explain_failure(said)


def test_python_without_venv_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InstallationError, match=r"apt install python3\.\d+-venv"):
        check_that_environments_can_be_made()
