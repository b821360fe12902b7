import pandas as pd
import json


def main(data_json: str) -> dict:
    """
    Process tabular data using pandas.
    data_json: JSON string in format [{col1: val1, col2: val2}, ...]
    """
    # Parse JSON data
    records = json.loads(data_json)
    df = pd.DataFrame(records)

    # Data cleaning
    df = df.dropna(subset=['score', 'name'])
    df['score'] = pd.to_numeric(df['score'], errors='coerce')
    df = df[df['score'] >= 0]

    # Statistical analysis
    stats = {
        "total_records": len(df),
        "avg_score": round(df['score'].mean(), 2),
        "median_score": round(df['score'].median(), 2),
        "std_score": round(df['score'].std(), 2),
        "score_distribution": {
            "0-60": int((df['score'] < 60).sum()),
            "60-80": int(((df['score'] >= 60) & (df['score'] < 80)).sum()),
            "80-100": int((df['score'] >= 80).sum())
        }
    }

    # Group aggregation
    if 'department' in df.columns:
        dept_stats = df.groupby('department')['score'].agg(
            ['mean', 'count', 'max']
        ).round(2).to_dict('index')
        stats['by_department'] = dept_stats

    # Return Top-10 performers
    top_performers = df.nlargest(10, 'score')[
        ['name', 'score', 'department']
    ].to_dict('records')

    return {
        "stats": stats,
        "top_performers": top_performers,
        "cleaned_records": len(df)
    }
