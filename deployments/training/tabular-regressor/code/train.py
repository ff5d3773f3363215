"""Boosted trees that predict a number, with one line of metrics for every round.

Without a ``train`` channel it learns from the diabetes data set of Efron et al. (442 rows, 10 columns, real).
"""

import contract
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import train_test_split

TYPES = {
    "rounds": (int, 150),
    "learning_rate": (float, 0.05),
    "max_depth": (int, 2),
    "subsample": (float, 0.7),
    "loss": (str, "squared_error"),
    "validation_share": (float, 0.25),
    "seed": (int, 7),
    "target_column": (str, "target"),
}


def measure(model, train, validation):
    predicted = model.predict(validation[0])
    return {
        "train_rmse": root_mean_squared_error(train[1], model.predict(train[0])),
        "validation_rmse": root_mean_squared_error(validation[1], predicted),
        "validation_mae": mean_absolute_error(validation[1], predicted),
        "validation_r2": r2_score(validation[1], predicted),
    }


def main():
    options = contract.hyperparameters(TYPES)
    features, target, columns, origin = contract.features_and_target(options.target_column, load_diabetes)
    print(f"data: {len(target)} rows, {len(columns)} columns, {origin}", flush=True)
    train_x, test_x, train_y, test_y = train_test_split(
        features, target.astype(float), test_size=options.validation_share, random_state=options.seed
    )
    model = GradientBoostingRegressor(
        loss=options.loss,
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
    contract.save(model, {"columns": columns, "data": origin, "parameters": vars(options)}, metrics)
    print("model saved", flush=True)


if __name__ == "__main__":
    contract.run(main)
