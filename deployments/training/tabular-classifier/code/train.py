"""Boosted trees that tell two classes apart, with one line of metrics for every round.

Without a ``train`` channel it learns from the Breast Cancer Wisconsin data set (569 rows, 30 columns, real).
"""

import contract
import numpy
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import accuracy_score, f1_score, log_loss, roc_auc_score
from sklearn.model_selection import train_test_split

TYPES = {
    "rounds": (int, 120),
    "learning_rate": (float, 0.1),
    "max_depth": (int, 3),
    "subsample": (float, 0.8),
    "validation_share": (float, 0.25),
    "seed": (int, 7),
    "target_column": (str, "target"),
}


def measure(model, train, validation):
    features, target = validation
    probability = model.predict_proba(features)[:, 1]
    answer = model.classes_[(probability >= 0.5).astype(int)]
    positive = (target == model.classes_[1]).astype(int)
    return {
        "train_log_loss": log_loss(train[1] == model.classes_[1], model.predict_proba(train[0])[:, 1]),
        "validation_log_loss": log_loss(positive, probability),
        "validation_accuracy": accuracy_score(target, answer),
        "validation_f1": f1_score(positive, answer == model.classes_[1]),
        "validation_auc": roc_auc_score(positive, probability),
    }


def main():
    options = contract.hyperparameters(TYPES)
    features, target, columns, origin = contract.features_and_target(options.target_column, load_breast_cancer)
    classes = numpy.unique(target)
    if len(classes) != 2:
        raise ValueError(f"The target must have exactly two classes; it has {len(classes)}.")
    print(f"data: {len(target)} rows, {len(columns)} columns, {origin}", flush=True)
    train_x, test_x, train_y, test_y = train_test_split(
        features, target, test_size=options.validation_share, random_state=options.seed, stratify=target
    )
    model = GradientBoostingClassifier(
        learning_rate=options.learning_rate,
        max_depth=options.max_depth,
        subsample=options.subsample,
        random_state=options.seed,
        warm_start=True,
    )
    metrics = {}
    for step in range(1, options.rounds + 1):
        model.set_params(n_estimators=step)
        model.fit(train_x, train_y)
        metrics = measure(model, (train_x, train_y), (test_x, test_y))
        contract.report(step, options.rounds, **metrics)
        if contract.stop_requested:
            break
    metadata = {"columns": columns, "classes": [str(c) for c in classes], "data": origin, "parameters": vars(options)}
    contract.save(model, metadata, metrics)
    print("model saved", flush=True)


if __name__ == "__main__":
    contract.run(main)
