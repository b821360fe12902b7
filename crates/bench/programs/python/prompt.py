"""A prompt for a language model, as workflow steps write it: a template with loops, conditions and filters."""

from jinja2 import Template

PROMPT = """You are {{ assistant.name | default("an assistant") }}, working for {{ company | upper }}.
Answer in {{ language | title }}, in at most {{ limit }} words.
{%- if rules %}

Rules:
{%- for rule in rules %}
{{ loop.index }}. {{ rule | trim }}
{%- endfor %}
{%- endif %}

Documents ({{ documents | length }}, the most relevant first):
{%- for document in documents | sort(attribute="score", reverse=true) %}
--- {{ document.title }} ({{ "%.2f" | format(document.score) }})
{{ document.text | truncate(160) | replace("\\n", " ") }}
{%- if document.tags %}
Tags: {{ document.tags | unique | join(", ") }}
{%- endif %}
{%- else %}
None were found.
{%- endfor %}

{%- for message in history if message.role != "system" %}
{{ message.role | capitalize }}: {{ message.content }}
{%- endfor %}
User: {{ question | trim }}
Assistant:"""


def main(**values):
    prompt = Template(PROMPT).render(values)
    return {"prompt": prompt, "length": len(prompt)}
