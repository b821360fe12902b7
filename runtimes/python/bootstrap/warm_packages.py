"""What packages and the standard library do on the first call of their commonest functions: compile patterns, import
parts of themselves, fill caches. It is done here, and stays in the snapshot.

Nothing may be kept that must be new in every execution: no shared generator of random numbers is drawn from (boot.py
forgets Python's own), no clock's value is kept, no logging is configured.
"""

import re
import warnings

HTML = """<html><head><title>t</title></head><body><div class="a b" id="x"><p>One <b>two</b></p><a href="/u">l</a><img src="i"></div>
<ul><li>1</li><li>2</li></ul><h1>h</h1><table><tr><th>k</th><td>v</td></tr></table><!-- c --></body></html>"""
MARKDOWN = """# Title\n\nSome *em* **strong** `code` [l](http://x.y) ![i](a.png)\n\n- a\n- b\n  - c\n\n1. x\n2. y\n\n> quote\n
```python\nx = 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n---\n\nTerm\n: what[^1]\n\n[^1]: note\n\nlast <b>html</b> ~~no~~\n"""
SELECTORS = """p|div.a > p|#x a[href]|ul li:nth-of-type(2)|a[href^='/']|li:first-child|p:-soup-contains('One')|div:not(.c)|h1, h2|a[href*=u]|a[href$="u"]|li + li
p ~ a|:is(h1, h2)|td:nth-child(2n+1)|div:has(> p)|table tr td|li:last-child"""
FORMATS = "%Y-%m-%d|%Y-%m-%d %H:%M:%S|%Y-%m-%dT%H:%M:%S|%d/%m/%Y|%m/%d/%Y|%Y-%m-%dT%H:%M:%SZ|%Y-%m-%dT%H:%M:%S.%f|%Y-%m-%d %H:%M|%d.%m.%Y|%B %d, %Y|%Y%m%d|%H:%M"

WEB = (
    """
from bs4 import BeautifulSoup
soup = BeautifulSoup(HTML, "html.parser")
for selector in SELECTORS.replace("\\n", "|").split("|"):
    soup.select(selector)
soup.select_one("p"), soup.find_all("li"), soup.get_text(" ", strip=True), soup.find("div", class_="a")["id"], soup.prettify(), str(soup)
BeautifulSoup("<p>a &amp; b&nbsp;c &eacute; &#233; &lt;</p>", "html.parser").prettify(formatter="html"), soup.decode(formatter="html5"), soup.encode("ascii")
soup.p.decompose(), soup.div.append(soup.new_tag("i")), BeautifulSoup(b"<a>\\xe9</a>", "html.parser").a.text
""",
    """
import charset_normalizer
charset_normalizer.from_bytes(("Zo\\u00eb et le caf\\u00e9 \\u00e0 No\\u00ebl " * 5).encode("latin-1")).best(), charset_normalizer.detect("Zo\\u00eb".encode())
""",
    """
import markdown, markdownify, mistune
markdown.markdown(MARKDOWN), markdown.markdown(MARKDOWN, extensions=["extra", "toc", "nl2br", "sane_lists", "codehilite", "admonition"])
mistune.html(MARKDOWN), mistune.create_markdown(plugins=["table", "strikethrough", "footnotes", "task_lists", "url"])(MARKDOWN)
markdownify.markdownify(HTML)
""",
    """
import feedparser
feedparser.parse('<rss version="2.0"><channel><title>t</title><item><title>a</title><link>http://x.y</link><guid>1</guid><pubDate>Mon, 01 Jan 2024 10:00:00 GMT</pubDate>'
                 '<description>&lt;b&gt;x&lt;/b&gt;</description></item></channel></rss>')
feedparser.parse('<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><title>a</title><updated>2024-01-01T10:00:00Z</updated><summary>s</summary></entry></feed>')
""",
    """
import asyncio, httpx, requests, urllib.request
requests.Request("POST", "http://x.y/a", params={"q": "1"}, json={"a": 1}, headers={"A": "b"}).prepare()
for get in (requests.get, httpx.get, urllib.request.urlopen):
    for url in ("http://x.y/a", "https://x.y/a"):
        try:
            get(url, timeout=1)
        except OSError:
            pass
        except httpx.HTTPError:
            pass
async def get():
    async with httpx.AsyncClient() as client:
        try:
            await client.get("https://x.y")
        except httpx.HTTPError:
            pass
asyncio.run(get())
""",
    """
import email, email.policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import parseaddr, parsedate_to_datetime
message = EmailMessage()
message["Subject"], message["From"], message["To"] = "H\\u00e9llo", "a@b.c", "Ann <x@y.z>, b@c.d"
message.set_content("text \\u00e9")
message.add_alternative("<b>x</b>", subtype="html")
message.add_attachment(b"x", maintype="application", subtype="pdf", filename="a.pdf")
read = email.message_from_bytes(message.as_bytes(), policy=email.policy.default)
read["subject"], read["from"].addresses, read.get_body().get_content(), message.as_string()
old = MIMEMultipart()
old["Subject"] = "x"
old.attach(MIMEText("h\\u00e9", "html", "utf-8"))
read = email.message_from_string(old.as_string() + "\\nDate: Mon, 01 Jan 2024 10:00:00 +0000")
str(make_header(decode_header("=?utf-8?b?SMOp?="))), [part.get_payload(decode=True) for part in read.walk()], parseaddr("A <a@b.c>"), parsedate_to_datetime("Mon, 01 Jan 2024 10:00:00 +0000")
""",
)
CHECKS = (
    """
import jsonschema
from jsonschema import exceptions
schema = {"type": "object", "properties": {"a": {"type": "integer", "minimum": 0}, "b": {"type": "array", "items": {"type": "string", "pattern": "^x", "minLength": 1}},
          "c": {"enum": [1]}, "d": {"$ref": "#/$defs/d"}}, "$defs": {"d": {"anyOf": [{"type": "null"}, {"format": "date"}]}}, "required": ["a"], "additionalProperties": False}
for uri in ("", "http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2020-12/schema"):
    told = {**schema, "$schema": uri} if uri else schema
    jsonschema.validate({"a": 1, "b": ["x"], "d": None}, told, format_checker=jsonschema.FormatChecker())
    validator = jsonschema.validators.validator_for(told)(told)
    errors = sorted(validator.iter_errors({"a": -1, "b": [1], "e": 1}), key=str)
    exceptions.best_match(errors).message, validator.is_valid(1), list(errors[0].path)
""",
    """
import email_validator, ftfy, inflection, packaging.requirements, phonenumbers, slugify, validators
email_validator.validate_email("a@example.com", check_deliverability=False).normalized
validators.url("http://x.yz/a?b"), validators.email("a@b.co"), validators.ipv4("1.2.3.4"), validators.uuid("x"), validators.domain("a.com")
slugify.slugify("H\\u00e9llo W\\u00f6rld! & co"), ftfy.fix_text("caf\\u00c3\\u00a9"), packaging.requirements.Requirement('a[b]>=1.0; python_version>"3"').specifier.contains("1.5")
inflection.pluralize("person"), inflection.singularize("people"), inflection.underscore("HelloWorld"), inflection.camelize("a_b"), inflection.parameterize("a b"), inflection.titleize("a_b")
for text, region in (("+49 30 123456", None), ("(650) 253-0000", "US"), ("020 7183 8750", "GB")):
    number = phonenumbers.parse(text, region)
    phonenumbers.is_valid_number(number), phonenumbers.number_type(number), [phonenumbers.format_number(number, form) for form in range(4)]
list(phonenumbers.PhoneNumberMatcher("call 650-253-0000", "US"))
""",
    """
import deepdiff, jmespath, jsonpath_ng, jsonpath_ng.ext, rapidfuzz.fuzz, rapidfuzz.process, thefuzz.process
deepdiff.DeepDiff({"a": [1, 2]}, {"a": [1, 3], "b": "x"}, ignore_order=True).to_dict(), jmespath.search("a[?b>`0`].b | [0]", {"a": [{"b": 1}]})
[found.value for found in jsonpath_ng.parse("$.a[*].b").find({"a": [{"b": 1}]})], [found.value for found in jsonpath_ng.ext.parse("$.a[?(@.b>0)].b").find({"a": [{"b": 1}]})]
rapidfuzz.fuzz.ratio("abc", "abd"), rapidfuzz.process.extractOne("abc", ["abd", "xyz"]), thefuzz.process.extract("abc", ["abd", "x"])
""",
)
DATES = (
    """
import datetime, time, zoneinfo
for form in FORMATS.split("|"):
    datetime.datetime.strptime(datetime.datetime(2024, 1, 2, 3, 4, 5).strftime(form), form)
time.strftime("%Y", time.gmtime(0)), datetime.datetime(2024, 1, 1, tzinfo=zoneinfo.ZoneInfo("America/New_York")).isoformat()
""",
    """
import datetime, arrow, humanize, pytz
from dateutil import parser, relativedelta, rrule, tz
for text in ("2024-05-01T10:00:00Z", "May 3, 2024 5pm", "2024-05-01", "01/02/2024 10:00"):
    parser.parse(text)
start = datetime.datetime(2024, 1, 31, tzinfo=tz.gettz("Europe/Berlin"))
start + relativedelta.relativedelta(months=1, day=31), start.utcoffset(), tz.tzlocal(), list(rrule.rrule(rrule.WEEKLY, count=2, dtstart=start)), parser.isoparse("2024-05-01T10:00:00Z")
rrule.rrulestr("FREQ=DAILY;COUNT=3", dtstart=start)[0], pytz.timezone("Europe/Berlin").localize(datetime.datetime(2024, 1, 1)), pytz.utc
moment = arrow.get("2024-05-01T10:00:00+02:00").shift(days=1).to("Europe/Berlin")
moment.format("YYYY-MM-DD HH:mm:ss ZZ"), moment.humanize(arrow.get("2024-05-03")), arrow.get("05/03/2024 10:00", "MM/DD/YYYY HH:mm"), arrow.get("2024-05-01", "YYYY-MM-DD"), moment.floor("month")
humanize.naturalsize(123456), humanize.intcomma(1234567), humanize.naturaldelta(datetime.timedelta(hours=3)), humanize.ordinal(3), humanize.intword(1200000), humanize.precisedelta(datetime.timedelta(seconds=3661))
""",
)
TEXT = (
    """
import csv, difflib, html, io, shlex, string, textwrap, urllib.parse
import base64, configparser, doctest, ipaddress, mimetypes, pprint, tomllib
csv.Sniffer().sniff("a;b\\n1;2\\n3;4\\n"), csv.Sniffer().has_header("a;b\\n1;2\\n3;4\\n"), textwrap.fill("a b c " * 20, 20), textwrap.dedent("  a\\n b"), textwrap.shorten("a b c " * 9, 10)
string.Template("$a ${b}").substitute(a=1, b=2), html.unescape("&eacute;&#233;"), urllib.parse.parse_qs("a=1&b=2"), urllib.parse.urljoin("http://a/b/", "../c"), shlex.split('a "b c"')
difflib.get_close_matches("ab", ["abc"]), list(difflib.unified_diff(["a"], ["b"])), pprint.pformat({"a": list(range(40)), "b": "x y " * 40}), base64.b85encode(b"x"), base64.b32encode(b"x")
tomllib.loads('a = 1\\n[b]\\nc = 2024-01-01\\nd = "x"'), ipaddress.ip_network("10.0.0.0/30").is_private, mimetypes.guess_type("a.pdf"), mimetypes.guess_extension("text/csv")
settings = configparser.ConfigParser()
settings.read_string("[a]\\nb = 1\\nc: %(b)s\\n")
settings.getint("a", "b"), settings.write(io.StringIO())
""",
    """
import argparse, ast, calendar, statistics, inspect, sqlite3, traceback, zipfile, tarfile, gzip, io
arguments = argparse.ArgumentParser(prog="p")
arguments.add_argument("--a", type=int, default=1), arguments.add_argument("b", nargs="*")
arguments.parse_args(["--a", "2", "x"]), arguments.format_help()
calendar.TextCalendar().formatmonth(2024, 1), statistics.quantiles([1, 2, 3, 4]), statistics.linear_regression([1, 2], [2, 4]), ast.unparse(ast.parse("x = 1")), ast.literal_eval("{1: [2]}")
with zipfile.ZipFile(io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("a.txt", "x"), archive.read("a.txt")
packed = io.BytesIO()
with tarfile.open(fileobj=packed, mode="w:gz") as archive:
    archive.addfile(tarfile.TarInfo("a"))
packed.seek(0), tarfile.open(fileobj=packed).getmembers(), gzip.decompress(gzip.compress(b"x" * 99))
with sqlite3.connect(":memory:") as base:
    base.row_factory = sqlite3.Row
    base.execute("create table t(a, b)"), base.executemany("insert into t values(?, ?)", [(1, "x"), (2, "y")])
    [dict(row) for row in base.execute("select b, sum(a) from t group by b order by 1")]
base.close()
try:
    {}["a"]
except KeyError:
    traceback.format_exc()
""",
    """
import defusedxml.ElementTree, io, jinja2, tabulate, xml.dom.minidom, xml.etree.ElementTree as tree, xml.sax, xmltodict, yaml
root = tree.fromstring('<a x="1" xmlns:k="u"><b>1</b><k:c/></a>')
root.findall(".//b"), root.find("b[.='1']"), root.findall("k:c", {"k": "u"}), tree.indent(root), tree.tostring(root), tree.tostring(root, encoding="unicode"), defusedxml.ElementTree.fromstring("<a/>")
list(tree.iterparse(io.BytesIO(b"<a/>"))), xml.dom.minidom.parseString("<a><b>1</b></a>").toprettyxml(indent=" "), xml.sax.parseString(b"<a/>", xml.sax.ContentHandler())
xmltodict.unparse(xmltodict.parse('<a b="1"><c>x</c><c>y</c></a>'), pretty=True)
yaml.safe_load("a: [1, 2.5, true, null, 2024-01-02]\\nb: &x {c: d}\\ne: *x\\nf: |\\n  text\\n"), yaml.dump({"a": [1, 2.5, None, True, "x: y"], "b": {"c": "two\\nlines"}}, allow_unicode=True)
for form in ("github", "grid", "html", "pipe", "simple", "latex"):
    tabulate.tabulate([["a", 1.5], ["b", None]], headers=["x", "y"], tablefmt=form)
pages = jinja2.Environment(loader=jinja2.DictLoader({"a": "{% block b %}x{% endblock %}", "c": '{% extends "a" %}{% block b %}{{ super() }}{% macro m(a) %}{{ a|tojson }}{% endmacro %}{{ m(1) }}{% endblock %}'}), autoescape=True)
pages.get_template("c").render(), jinja2.Template("{{ t|wordwrap(3)|urlize|striptags|title|truncate(5) }}{{ d|dictsort }}{{ [1]|map('string')|list|batch(2)|list }}").render(t="<b>http://x.y</b>", d={"a": 1})
""",
)
USES = (*WEB, *CHECKS, *DATES, *TEXT)
# Enough that the code of the packages is specialised where it runs in loops.
ROUNDS = 3


def run_all():
    from . import warm_tables

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in range(ROUNDS):
            for source in USES + warm_tables.USES:
                exec(source, {"__name__": "warm", "HTML": HTML, "MARKDOWN": MARKDOWN, "SELECTORS": SELECTORS, "FORMATS": FORMATS})
            if number == 0:
                # Patterns that modules hold themselves are of no use here: room is for those of calls.
                re.purge()
