# The table that inputs are converted by, as users of workflow platforms know it (seed 001, section 3.2).
import json

TYPES = {"string": str, "number": float, "boolean": bool, "object": dict, "array": list, "file": dict}


def convert_input(value, expected):
    if expected == "number":
        try:
            return int(value) if str(value).isdigit() else float(value)
        except (ValueError, TypeError):
            return 0
    elif expected == "array" and isinstance(value, str):
        try:
            parsed = json.loads(value)
            if isinstance(parsed, list):
                return parsed
        except json.JSONDecodeError:
            pass
        return [v.strip() for v in value.split(",")]
    if isinstance(value, TYPES.get(expected, type(None))):
        return value
    try:
        return TYPES[expected](value)
    except (ValueError, TypeError):
        return None


def main(value, types):
    return {name: repr(convert_input(value, name)) for name in types}
