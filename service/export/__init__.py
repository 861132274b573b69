"""Plans as files for people: CSV and XLSX, in which no text can start a formula."""
