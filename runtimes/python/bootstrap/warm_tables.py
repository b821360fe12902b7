"""What the warm-up runs once of NumPy, pandas and what reads and writes documents: see warm_packages.py. The global
generator of NumPy is not drawn from: the half of a pair that it keeps would be the same in every execution."""

FRAME = """
import io, pickle, sqlite3, traceback, numpy as np, pandas as pd
df = pd.DataFrame({"name": ["ann", "bob", "cyd", "eve"], "team": ["a", "b", "a", "b"], "score": [1.5, 2.5, None, 4.0], "n": [1, 2, 3, 4],
                   "when": pd.to_datetime(["2024-01-02", "2024-02-03", "2024-02-04", "2024-03-05"])})
groups = df.groupby("team")
"""
PANDAS = (
    """
df.style.format({"score": "{:.1f}"}).highlight_max(subset=["n"]).hide(axis="index").set_caption("x").set_properties(**{"color": "red"}).map(lambda v: "color: red", subset=["n"]).to_html()
df.to_html(index=False), df.to_markdown(index=False), df.to_latex(), df.to_string(), repr(df), df._repr_html_(), df.info(buf=io.StringIO()), df.memory_usage(deep=True)
""",
    """
for engine in ("openpyxl", "xlsxwriter"):
    book = io.BytesIO()
    df.to_excel(book, index=False, engine=engine)
    pd.read_excel(book)
with sqlite3.connect(":memory:") as base:
    df.to_sql("t", base, index=False), pd.read_sql("select * from t", base)
base.close()
df.to_dict(), df.to_dict("list"), df.to_dict("split"), df.to_json(), df.to_json(orient="table"), df.to_csv(sep=";", float_format="%.2f"), df.to_xml(parser="etree"), df.to_records()
pd.read_json(io.StringIO('[{"a": 1, "d": "2024-01-01"}]')), pd.json_normalize([{"a": {"b": 1}, "c": [{"d": 1}]}], record_path="c", meta=[["a", "b"]])
pd.read_csv(io.StringIO("a;b\\n1,5;2024-01-01\\n"), sep=";", decimal=",", parse_dates=["b"], dtype={"a": float}), pd.read_csv(io.StringIO("a,b\\n1,2"), sep=None, engine="python")
pd.read_xml(io.StringIO("<r><a><b>1</b></a></r>"), parser="etree"), pickle.loads(pickle.dumps(df))
""",
    """
df.pivot(index="name", columns="team", values="n"), df.pivot_table(index="team", values="n", aggfunc=["sum", "mean"], margins=True), pd.crosstab(df.team, df.name, normalize="index")
df.melt(id_vars="name", value_vars=["n", "score"]), df.set_index(["team", "name"])["n"].unstack().stack(), pd.get_dummies(df[["team"]]), pd.factorize(df.team)
pd.cut(df.n, [0, 2, 4], labels=["a", "b"]), pd.qcut(df.n, 2), pd.cut(df.n, 2).value_counts(), df.merge(df, on=["team"], how="outer", indicator=True), df.join(df.set_index("name")[["n"]], on="name", rsuffix="_x")
pd.merge_asof(df[["when", "n"]], df[["when", "score"]], on="when"), pd.concat([df, df], keys=["a", "b"]), pd.concat([df[["n"]], df[["score"]]], axis=1)
groups.apply(lambda group: group["n"].sum()), groups["n"].transform("mean"), groups["n"].rank(), groups.size(), groups.agg(a=("n", "sum"), b=("score", lambda s: s.max())), groups["n"].describe()
groups["n"].cumsum(), groups["n"].shift(), groups["n"].nunique(), groups.filter(lambda group: len(group) > 1), groups["n"].quantile(0.5), groups.first(), groups.head(1), groups["n"].pct_change(), groups.ngroup()
""",
    """
by_day = df.set_index("when")["n"]
by_day.resample("ME").sum(), df.groupby(pd.Grouper(key="when", freq="MS"))["n"].sum(), by_day.resample("D").ffill(), by_day.rolling("30D").sum(), by_day.asfreq("D")
df.n.rolling(2).mean(), df.n.expanding().sum(), df.n.ewm(span=2).mean(), df.n.rolling(2).apply(sum), df.n.rolling(2).std(), df.n.rolling(2).agg(["min", "max"])
pd.date_range("2024-01-01", periods=3, freq="W"), pd.bdate_range("2024-01-01", "2024-01-10"), pd.Timestamp("2024-01-01") + pd.DateOffset(months=1), pd.period_range("2024-01", periods=2, freq="M"), pd.to_timedelta(["1h"])
when = df.when.dt
when.year, when.day_name(), when.to_period("M"), when.isocalendar(), when.floor("D"), when.quarter, when.month_name(), when.date, when.is_month_end, when.normalize(), when.strftime("%d"), (df.when - df.when.shift()).dt.days
when.tz_localize("UTC").dt.tz_convert("Europe/Berlin"), pd.Timestamp("2024-01-01", tz="America/New_York")
pd.to_datetime(["01/02/2024"], format="%d/%m/%Y"), pd.to_datetime(["2024-01-02T03:04:05Z"], utc=True), pd.to_datetime(["x", "2024-01-01"], errors="coerce"), pd.to_datetime([1700000000], unit="s")
pd.to_datetime(["Jan 2, 2024"]), pd.to_datetime(["2024-01-02", "3 Feb 2024"], format="mixed"), pd.interval_range(0, 3), pd.Series(pd.period_range("2024-01", periods=2, freq="M")).dt.to_timestamp()
""",
    """
name = df.name.str
name.contains("a"), name.replace("a", "b"), name.split("n", expand=True), name.extract("(a)"), name.len(), name.findall("n"), name.cat(sep=","), name.title(), name.zfill(5), name.startswith("a"), name.get_dummies(), name.match("a")
name.slice(0, 1), name.pad(5), name.replace("a.", "b", regex=True), name.extractall("(n)"), df.fillna({"score": 0}), df.isna().sum(), df.score.interpolate(), df.ffill(), df.bfill(), df.score.fillna(df.score.mean())
df.query('n > 1 and team == "a"'), df.eval("n * 2"), df.loc[df.n.between(1, 2), ["n"]], df.at[0, "n"], df.filter(like="sc"), df.select_dtypes("number"), df[df.team.isin(["a"])], df.where(df.n > 1), df.sample(2, random_state=1), df.nsmallest(1, "n")
df.assign(x=df.n * 2), df.rename(columns={"n": "m"}), df.drop(columns="n"), df.astype({"n": "float"}), df.sort_index(), df.reindex([0, 9]), df.explode("name"), df.apply(lambda row: row.n, axis=1), df.map(str), df.duplicated(), df.convert_dtypes(), df.T
df[["n", "score"]].corr(), df[["n", "score"]].corr("spearman"), df.n.quantile([0.1, 0.9]), df.n.skew(), df.n.kurt(), df.n.mode(), df.n.pct_change(), df.n.diff(), df.n.cumsum(), df.n.rank(), df.agg({"n": ["sum", "mean"]}), df.describe(include="all"), df.nunique()
df.n.value_counts(normalize=True), df.n.idxmax(), df.equals(df), df.compare(df.assign(n=9)), df.combine_first(df), list(df.itertuples()), df.team.map({"a": 1}), df.replace({"team": {"a": "x"}})
team = df.team.astype("category").cat
team.codes, team.rename_categories(["x", "y"]), df.groupby(df.team.astype("category"), observed=True)["n"].sum(), df.set_index(["team", "name"]).xs("ann", level="name"), df.set_index(["team", "name"]).groupby(level=0)["n"].sum()
pd.array([1, None], dtype="Int64").sum(), pd.Series([1, None], dtype="Int64") + 1, pd.Series(["a", None], dtype="string").str.upper(), pd.Series([1.5], dtype="Float64").mean(), pd.DataFrame.from_dict({"a": [1]}, orient="index")
pd.DataFrame([{"a": 1}, {"b": 2}]), pd.Series({"a": 1}).to_frame(), pd.MultiIndex.from_product([[1, 2], ["a"]]), pd.DataFrame.from_records([(1, 2)], columns=["a", "b"])
for key in ("zz", 9):
    try:
        df[key]
    except KeyError:
        traceback.format_exc()
""",
    """
a = np.eye(3) * 2 + 1
np.linalg.inv(a), np.linalg.solve(a, [1, 2, 3]), np.linalg.eig(a), np.linalg.svd(a), np.linalg.det(a), np.linalg.lstsq(a, [1, 2, 3]), np.linalg.eigh(a), np.linalg.qr(a), np.linalg.matrix_rank(a), np.linalg.pinv(a)
np.fft.fft([1, 2, 3, 4]), np.fft.rfft([1.0, 2, 3]), np.random.default_rng(1).normal(size=3), repr(a), np.histogram([1, 2, 3], bins=2), np.digitize([1.5], [1, 2]), np.polyfit([1, 2, 3], [1, 4, 9], 2), np.roots([1, -3, 2])
np.polynomial.Polynomial.fit([1, 2, 3], [1, 4, 9], 2), np.corrcoef([1, 2, 3], [1, 2, 4]), np.cov([1, 2, 3]), np.quantile([1, 2, 3], [0.25, 0.5]), np.average([1, 2], weights=[1, 3]), np.nanmean([1, np.nan]), np.intersect1d([1, 2], [2])
np.char.upper(["a"]), np.vectorize(lambda x: x)([1, 2]), np.einsum("ij,jk", a, a), np.testing.assert_allclose([1], [1]), np.ma.masked_invalid([1, np.nan]).mean(), np.meshgrid([1, 2], [3]), np.pad([1], 1), np.interp(0.5, [0, 1], [0, 1])
stored = io.BytesIO()
np.savez(stored, a=a), np.load(io.BytesIO(stored.getvalue()))["a"], np.loadtxt(io.StringIO("1 2\\n3 4")), np.savetxt(io.StringIO(), a), np.genfromtxt(io.StringIO("1,2"), delimiter=","), np.busday_count("2024-01-01", "2024-02-01")
""",
)
DOCUMENTS = (
    """
import datetime, io, openpyxl, xlsxwriter
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
book = openpyxl.Workbook()
sheet = book.active
sheet.append(["a", 1, datetime.date(2024, 1, 1)])
sheet["B2"], cell = "=SUM(B1)", sheet["A1"]
cell.font, cell.fill, cell.alignment, cell.border = Font(bold=True, color="FF0000"), PatternFill("solid", fgColor="FFFF00"), Alignment(horizontal="center"), Border(left=Side("thin"))
sheet.column_dimensions["A"].width, sheet.freeze_panes, sheet["C1"].number_format = 20, "A2", "0.00"
sheet.merge_cells("A3:B3")
chart = BarChart()
chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=2)), sheet.add_chart(chart, "D1")
saved = io.BytesIO()
book.save(saved)
for options in ({}, {"read_only": True, "data_only": True}):
    list(openpyxl.load_workbook(io.BytesIO(saved.getvalue()), **options).active.iter_rows(values_only=True))
with xlsxwriter.Workbook(io.BytesIO(), {"in_memory": True}) as book:
    sheet = book.add_worksheet()
    sheet.write(0, 0, "a"), sheet.write(0, 1, 1, book.add_format({"bold": True})), sheet.set_column(0, 0, 9)
""",
    """
import io, pypdf
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject
writer = pypdf.PdfWriter()
page = writer.add_blank_page(200, 200)
text = DecodedStreamObject()
text.set_data(b"BT /F1 12 Tf 10 100 Td (Hello world) Tj 0 -14 Td [(a) -200 (b)] TJ ET")
font = DictionaryObject({NameObject("/Type"): NameObject("/Font"), NameObject("/Subtype"): NameObject("/Type1"), NameObject("/BaseFont"): NameObject("/Helvetica")})
page[NameObject("/Contents")] = writer._add_object(text.flate_encode())
page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): DictionaryObject({NameObject("/F1"): writer._add_object(font)})})
writer.add_metadata({"/Title": "x"})
saved = io.BytesIO()
writer.write(saved)
read = pypdf.PdfReader(saved)
read.pages[0].extract_text(), read.metadata.title
merged = pypdf.PdfWriter()
merged.append(io.BytesIO(saved.getvalue())), merged.pages[0].rotate(90), merged.write(io.BytesIO())
""",
    """
import decimal, simplejson
from google.protobuf import json_format, struct_pb2, timestamp_pb2
simplejson.dumps({"a": decimal.Decimal("1.5")}, indent=1), simplejson.loads('{"a": 1.5}', use_decimal=True)
value = json_format.ParseDict({"a": [1, "x"]}, struct_pb2.Struct())
json_format.MessageToJson(value), value.SerializeToString(), timestamp_pb2.Timestamp().FromJsonString("2024-01-01T00:00:00Z")
""",
)
USES = (*[FRAME + use for use in PANDAS], *DOCUMENTS)
