import json
import re


def main(llm_output: str) -> dict:
    """Reliably extract JSON from LLM output"""
    text = llm_output.strip()
    # Method 1: Direct parse (ideal case)
    try:
        return {"data": json.loads(text), "success": True}
    except json.JSONDecodeError:
        pass
    # Method 2: Extract ```json ... ``` code block
    pattern = r'```(?:json)?\s*\n?([\s\S]*?)\n?\s*```'
    match = re.search(pattern, text)
    if match:
        try:
            return {"data": json.loads(match.group(1)), "success": True}
        except json.JSONDecodeError:
            pass
    # Method 3: Find first complete {...} or [...] structure
    for start_char, end_char in [('{', '}'), ('[', ']')]:
        start = text.find(start_char)
        if start == -1:
            continue
        # Use bracket matching to find the closing position
        depth = 0
        for i, char in enumerate(text[start:], start):
            if char == start_char:
                depth += 1
            elif char == end_char:
                depth -= 1
            if depth == 0:
                json_str = text[start:i + 1]
                try:
                    return {"data": json.loads(json_str), "success": True}
                except json.JSONDecodeError:
                    break
    return {
        "data": None,
        "success": False,
        "error": f"Cannot parse JSON. First 200 chars: {text[:200]}",
    }
