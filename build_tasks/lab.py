"""JupyterLab's configuration, in which notebooks open as notebooks and run in `.venv`."""

from __future__ import annotations

import json

from build_tasks.project import Project

# As where pages are built: a notebook that is called as a library stands in the way of none.
FOLDER_LAST = (
    "--IPKernelApp.ignore_cwd=True",
    "--IPKernelApp.exec_lines=__import__('sys').path.append('')",
)
LAB_SETTINGS = {
    "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"python": "Jupytext Notebook"}},
    # Asks another host, and the reader whether it may.
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
}


def configure_lab(project: Project) -> dict[str, str]:
    """Write JupyterLab's configuration into `.venv` and return the variables that make it count.

    What a user has in the home folder may name another contents manager, another viewer for Python
    files or another kernel `python3`: notebooks would open as text, or run in another Python.
    """
    folder = project.environment / "jupyter"
    # The kernel ipykernel brings says `python`, but jupytext gives a notebook that names no kernel
    # only one with the full path of the Python it runs in; without, Jupyter asks for a kernel.
    kernel = {
        "argv": [
            str(project.python),
            "-m",
            "ipykernel_launcher",
            "-f",
            "{connection_file}",
            *FOLDER_LAST,
        ],
        # Saved into the header of a notebook that has one; so the name that stands there.
        "display_name": "Python 3",
        "language": "python",
        "metadata": {"debugger": True},
    }
    for path, content in (
        ("labconfig/default_setting_overrides.json", LAB_SETTINGS),
        ("kernels/python3/kernel.json", kernel),
    ):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return {
        "JUPYTER_CONFIG_DIR": str(folder),
        "JUPYTER_DATA_DIR": str(folder),
        # These folders first, then what packages brought into the environment.
        "JUPYTER_PREFER_ENV_PATH": "0",
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "lab" / "user-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "lab" / "workspaces"),
        # Empty means unset for these.
        "JUPYTER_CONFIG_PATH": "",
        "JUPYTER_PATH": "",
        "JUPYTER_RUNTIME_DIR": "",
        "JUPYTER_NO_CONFIG": "",
    }
