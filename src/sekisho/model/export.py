"""The forms in which a release is handed out."""

FORMS = (
    "csv",
    "excel.csv",
    "ja.csv",
    "csv-metadata.json",
    "xlsx",
    "ja.xlsx",
    "parquet",
    "json",
    "xml",
    "structure.xml",
    "sdmx.csv",
    "zip",
)
"""What a release can be asked for as; an address ends with it, too."""
SDMX_FORMS = frozenset({"xml", "structure.xml", "sdmx.csv"})
EXCEL_CSV = "excel.csv"
"""The CSV with a byte-order mark, which Excel in Japan needs to see UTF-8."""
