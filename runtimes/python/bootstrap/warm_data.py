"""What the warm-up runs of numpy and pandas: the paths through them that programs take most. See warm.py."""

import json

TABLE = '''
import json
import pandas as pd
def main(rows):
    df = pd.DataFrame(json.loads(rows))
    df = df.dropna(subset=["score", "name"])
    df["score"] = pd.to_numeric(df["score"], errors="coerce")
    df = df[df["score"] >= 0]
    low = int(((df["score"] >= 10) & (df["score"] < 60)).sum())
    stats = {"n": len(df), "mean": round(df["score"].mean(), 2), "median": round(df["score"].median(), 2),
             "std": round(df["score"].std(), 2), "max": float(df.score.max()), "sum": float(df["score"].sum()), "low": low}
    if "team" in df.columns:
        stats["teams"] = df.groupby("team")["score"].agg(["mean", "count", "max"]).round(2).to_dict("index")
    top = df.nlargest(3, "score")[["name", "score", "team"]].to_dict("records")
    return {"stats": stats, "top": top}
'''
SHAPES = '''
import io
import pandas as pd
def main(csv):
    df = pd.read_csv(io.StringIO(csv))
    df["when"] = pd.to_datetime(df["when"])
    df["month"] = df["when"].dt.strftime("%Y-%m")
    df["total"] = df["price"] * df["count"]
    df["label"] = df["name"].str.strip().str.upper().fillna("")
    df["size"] = df["total"].apply(lambda total: "big" if total > 10 else "small")
    merged = df.merge(pd.DataFrame({"name": ["ann", "bob"], "city": ["Rome", "Bonn"]}), on="name", how="left")
    table = merged.pivot_table(index="month", columns="city", values="total", aggfunc="sum", fill_value=0)
    grouped = merged.groupby(["month", "size"]).agg({"total": "sum", "name": "count"}).reset_index()
    best = merged.sort_values("total", ascending=False).head(2).reset_index(drop=True).drop_duplicates("name")
    both = pd.concat([df, df], ignore_index=True).fillna({"price": 0})
    return {
        "csv": grouped.to_csv(index=False), "json": best.to_json(orient="records", date_format="iso"), "text": table.to_string(),
        "counts": df["name"].value_counts().to_dict(), "unique": df["name"].unique().tolist(), "both": len(both),
        "rows": [row["name"] for _, row in df.iterrows()], "first": df.iloc[0].to_dict(), "cell": df.loc[1, "price"].item(),
        "null": int(df["price"].isna().sum()), "described": df.describe().to_dict(), "columns": list(df.columns), "dtypes": df.dtypes.astype(str).to_dict(),
    }
'''
CSV = "name,when,price,count\nann,2024-01-05,2.5,3\nbob,2024-01-09,,1\nann ,2024-02-01,7,2\ncyd,2024-02-03,1e1,2\n"
ARRAYS = '''
import numpy as np
def main(values):
    a = np.array(values, dtype=float)
    m = a.reshape(2, -1)
    unit = (a - a.mean()) / a.std()
    order = np.argsort(a)[::-1]
    similarity = float(np.dot(a, a) / (np.linalg.norm(a) * np.linalg.norm(a)))
    return {
        "sum": a.sum(), "percentile": float(np.percentile(a, 90)), "median": float(np.median(a)), "clip": np.clip(a, 0, 3).tolist(),
        "where": np.where(a > 2, a, 0).tolist(), "cumsum": np.cumsum(a).tolist(), "unit": np.round(unit, 3).tolist(),
        "order": order.tolist(), "product": (m @ m.T).tolist(), "unique": np.unique(a).tolist(), "range": np.arange(0, 1, 0.25).tolist(),
        "space": np.linspace(0, 1, 5).tolist(), "similarity": similarity, "stack": np.vstack([a, a]).shape, "max": int(np.argmax(a)),
        "zeros": np.zeros((2, 2)).tolist(), "concat": np.concatenate([a, a]).size, "any": bool((a > 3).any()), "log": float(np.log(a + 1).sum()),
    }
'''
PROMPT = '''
from jinja2 import Template
import yaml
def main(items):
    text = Template("{% for item in items %}- {{ item.name | upper }}: {{ '%.2f' | format(item.score) }}{% if not loop.last %}\\n{% endif %}{% endfor %}").render(items=items)
    return {"text": text, "yaml": yaml.safe_load("a: [1, 2]\\nb: {c: true}\\n"), "dump": yaml.safe_dump({"items": items})}
'''

_ROWS = [
    {"name": name, "team": team, "score": score}
    for name, team, score in (("ann", "a", 81.5), ("bob", "b", None), ("cyd", "a", "50"), (None, "b", 4), ("eve", "b", "bad"), ("fay", "c", 9.0), ("gus", "c", -2))
]
RUNS = (
    (TABLE, json.dumps({"rows": json.dumps(_ROWS)})),
    (SHAPES, json.dumps({"csv": CSV})),
    (ARRAYS, json.dumps({"values": [1, 2.5, 3, 0.5, 2, 7]})),
    (PROMPT, json.dumps({"items": [{"name": "x", "score": 1.5}, {"name": "y", "score": 2}]})),
)
