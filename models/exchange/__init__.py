"""Import and export: tables read from CSV and XLSX files, columns mapped to fields, tables written out."""
