"""Files that cannot be imported as a whole, and what the person can do about it."""

from __future__ import annotations

from models.errors import Refusal


class FileRefused(Refusal):
    """The file cannot be read as a table; nothing of it was taken."""

    code = "file_refused"
    zh, en = "无法读取此文件。", "This file cannot be read."


class FileTooBig(FileRefused):
    code, status = "file_too_big", 413
    zh = "文件有 {size} MB，最多 {limit} MB。请分成几个文件导入。"
    en = "The file has {size} MB; at most {limit} MB are taken. Split it into several files."


class UnpacksTooBig(FileRefused):
    code, status = "unpacks_too_big", 413
    zh = "文件解压后超过 {limit} MB，已停止读取。请删除多余的空行、格式和工作表后重试。"
    en = "Unpacked, the file is larger than {limit} MB. Remove surplus blank rows, formats and sheets."


class TooManyRows(FileRefused):
    code, status = "too_many_rows", 413
    zh = "文件超过 {limit} 行。请分成几个文件导入。"
    en = "The file has more than {limit} rows. Split it into several files."


class TooManyColumns(FileRefused):
    code = "too_many_columns"
    zh = "表头有 {found} 列，最多 {limit} 列。"
    en = "The heading has {found} columns; at most {limit} are taken."


class EmptyFile(FileRefused):
    code = "empty_file"
    zh = "文件中没有内容。"
    en = "There is nothing in this file."


class NotATable(FileRefused):
    code = "not_a_table"
    zh = "这不是表格文件，而是{found}。请上传 CSV 或 XLSX 文件。"
    en = "This is not a table but {found}. Upload a CSV or XLSX file."


class SaveAsXlsx(FileRefused):
    code = "save_as_xlsx"
    zh = "文件实际是{found}，请在表格软件中另存为 XLSX 后重试。"
    en = "The file is really {found}. Save it as XLSX in a spreadsheet program and try again."


class PasswordProtected(FileRefused):
    code = "password_protected"
    zh = "文件有密码保护。请在表格软件中去掉密码后重试。"
    en = "The file is protected by a password. Remove the password in a spreadsheet program and try again."


class HasMacros(FileRefused):
    code = "has_macros"
    zh = "文件含有宏，为安全起见不予读取。请另存为不含宏的 XLSX 后重试。"
    en = "The file contains macros and is not read for safety. Save it as XLSX without macros and try again."


class BrokenFile(FileRefused):
    code = "broken_file"
    zh = "文件不完整或已损坏。请重新下载，或在表格软件中打开并另存后重试。"
    en = "The file is incomplete or damaged. Fetch it again, or open it in a spreadsheet and save a copy."


class UnknownEncoding(FileRefused):
    code = "unknown_encoding"
    zh = "无法判断文件的文字编码。请选择编码，或另存为“CSV UTF-8”后重试。"
    en = "The file's character encoding is unclear. Choose it, or save the file as “CSV UTF-8” and try again."


class WrongEncoding(FileRefused):
    code = "wrong_encoding"
    zh = "不支持所选编码“{encoding}”。"
    en = "“{encoding}” is not an encoding that can be chosen."


class WrongDelimiter(FileRefused):
    code = "wrong_delimiter"
    zh = "分隔符应为逗号、制表符、分号、竖线或空格。"
    en = "The separator should be a comma, tab, semicolon, bar or blank."


class BadHeading(FileRefused):
    code = "bad_heading"
    zh = "第 {row} 行是表头，但无法读取：{reason}"
    en = "Row {row} is the heading but cannot be read: {reason}"


class NoSuchSheet(FileRefused):
    code = "no_such_sheet"
    zh = "文件中没有名为“{sheet}”的工作表。"
    en = "The file has no sheet named “{sheet}”."


class NoSuchRow(FileRefused):
    code = "no_such_row"
    zh = "前 {looked} 行中没有可作表头的第 {row} 行。"
    en = "Row {row} cannot be the heading: it is blank or not among the first {looked} rows."


class MappingRefused(FileRefused):
    """Columns cannot be taken to fields as asked."""

    code = "mapping_refused"
    zh, en = "列与字段的对应关系无法识别。", "The assignment of columns to fields cannot be understood."


class NothingMapped(MappingRefused):
    code = "nothing_mapped"
    zh, en = "请至少为一列选择字段。", "Choose a field for at least one column."


class NoSuchColumn(MappingRefused):
    code = "no_such_column"
    zh, en = "文件中没有“{column}”列。", "The file has no column “{column}”."


class NoSuchField(MappingRefused):
    code = "no_such_field"
    zh, en = "没有可导入的字段“{field}”。", "There is no field “{field}” to import into."


class MappedTwice(MappingRefused):
    code = "mapped_twice"
    zh, en = "“{name}”被选择了两次。", "“{name}” is chosen twice."


class NoSuchOrder(MappingRefused):
    code = "no_such_order"
    zh, en = (
        "“{column}”列的日期顺序无法识别。",
        "The date order of column “{column}” is not one of those offered.",
    )


class RequiredNotMapped(MappingRefused):
    code = "required_not_mapped"
    zh, en = "“{field}”必填，请为它选择一列。", "“{field}” is required: choose a column for it."


class NoLongerKept(Refusal):
    """Files are kept for 30 days."""

    code, status = "no_longer_kept", 410
    zh, en = "文件已超过保存期限，请重新上传。", "The file is no longer kept. Upload it again."


class WrongStep(Refusal):
    """What was asked does not fit how far the import is: it was done before, or something changed meanwhile."""

    code, status = "wrong_step", 409
    zh = "此导入已进行到另一步，请刷新页面查看。"
    en = "This import has moved on to another step. Reload the page to see where it is."


class NothingToImport(Refusal):
    code = "nothing_to_import"
    zh, en = "没有可导入的行。", "There is no row that can be imported."


class UndoTooLate(Refusal):
    """An import can be undone for 30 days."""

    code, status = "undo_too_late", 409
    zh, en = "导入已超过 30 天，不能撤销。", "An import can be undone for 30 days; this one is older."


class RightLost(Refusal):
    """The person may not import this type any more."""

    code, status = "right_lost", 403
    zh = "导入人已停用，或已无导入此类记录的权限。"
    en = "The person who imports is disabled or may not import records of this type any more."
