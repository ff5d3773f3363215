"""The SageMaker training contract, as far as a script needs it.

AWS's containers (and the portal's local AWS) tell a script through ``SM_*`` variables where its data lies and where the
model belongs, pass hyperparameters as ``--name value``, and send SIGTERM 120 seconds before the machine is taken away.
Runs on Python 3.9 and newer, with scikit-learn 1.4 and newer.
"""

import argparse
import csv
import json
import os
import signal
import sys
import traceback
from pathlib import Path

import numpy

stop_requested = False


def _request_stop(signum, frame):
    global stop_requested
    stop_requested = True
    # print() may be at work when the signal comes and must not be entered twice.
    os.write(1, b"SIGTERM received: finishing this round and saving the model as it is.\n")


def model_dir():
    return _folder("SM_MODEL_DIR", "model")


def output_data_dir():
    return _folder("SM_OUTPUT_DATA_DIR", "output/data")


def _base():
    return Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))


def _folder(variable, default):
    folder = Path(os.environ.get(variable) or _base() / default)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def hyperparameters(types):
    """Parse ``--name value`` for ``types``: name → (type, default). Flags that are not known are an error."""
    parser = argparse.ArgumentParser()
    for name, (kind, default) in types.items():
        parser.add_argument("--" + name, dest=name, type=kind, default=default)
    return parser.parse_args()


def training_table():
    """The CSV files in the ``train`` channel as (header, rows of text), or None when no channel was given."""
    folder = os.environ.get("SM_CHANNEL_TRAIN", "")
    if not folder:
        return None
    files = sorted(Path(folder).rglob("*.csv"))
    if not files:
        raise ValueError("The training channel holds no .csv file.")
    header, rows = [], []
    for file in files:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.reader(lines)
            first = next(reader, [])
            header = header or first
            if first != header:
                raise ValueError(f"{file.name} has other columns than {files[0].name}.")
            rows.extend(row for row in reader if row)
    if any(len(row) != len(header) for row in rows):
        raise ValueError("A row has more or fewer cells than the header.")
    if any(cell.strip() == "" for row in rows for cell in row):
        raise ValueError("The data has empty cells. Fill or remove them first.")
    return header, rows


def _numbers(cells):
    try:
        return numpy.array(cells, dtype=float)
    except ValueError:
        return None


def features_and_target(target, shipped):
    """Numbers to learn from. ``shipped`` loads the data set that scikit-learn ships.

    Returns:
        features (rows × columns, float), target (rows), names of the columns, where the data came from.
    """
    table = training_table()
    if table is None:
        data = shipped()
        return data.data, data.target, [str(name) for name in data.feature_names], "shipped with scikit-learn"
    header, rows = table
    if target not in header:
        raise ValueError(f"The data has no column named {target!r}. Its columns are: {', '.join(header)}.")
    columns = {name: [row[place] for row in rows] for place, name in enumerate(header)}
    answer = columns.pop(target)
    numeric = {name: values for name, cells in columns.items() if (values := _numbers(cells)) is not None}
    if not numeric:
        raise ValueError("The data has no numeric column to learn from.")
    answer = _numbers(answer) if _numbers(answer) is not None else numpy.array(answer)
    return numpy.column_stack(list(numeric.values())), answer, list(numeric), "training channel"


def report(step, steps, **metrics):
    """Print one line that the metric definitions of the template pick up."""
    print(f"step {step}/{steps} " + " ".join(f"{name}={value:.6f}" for name, value in metrics.items()), flush=True)


def save(model, metadata, metrics):
    """Write the model with its description, and the final metrics beside it."""
    import joblib

    joblib.dump(model, model_dir() / "model.joblib")
    (model_dir() / "metadata.json").write_text(json.dumps(metadata, indent=2, sort_keys=True))
    (output_data_dir() / "metrics.json").write_text(json.dumps(metrics, indent=2, sort_keys=True))


def run(main):
    """Call ``main``; on an error write the reason where SageMaker looks for it and end with 1."""
    signal.signal(signal.SIGTERM, _request_stop)
    try:
        main()
    except Exception as error:
        traceback.print_exc()
        folder = Path(os.environ.get("SM_OUTPUT_DIR") or _base() / "output")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "failure").write_text(f"{type(error).__name__}: {error}"[:1024])
        sys.exit(1)
