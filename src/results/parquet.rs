//! Tables as Parquet files: columns with types, for notebooks and query engines.
//!
//! They are made from the CSV that is written in any case, so both say the same. Rows go in groups of bounded size, and
//! nothing in the file depends on the machine or the clock.

use std::path::Path;
use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};

use super::stored::csv_file::CsvFile;
use crate::input::Problem;

/// Rows of a group.
const GROUP: usize = 1 << 17;

/// What a column holds; an empty field is null in any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8 texts.
    Text,
    /// Whole numbers >= 0 of 64 bits.
    Whole,
    /// Doubles.
    Real,
}

/// A column of a group of rows.
enum Values {
    Text(Vec<Option<ByteArray>>),
    Whole(Vec<Option<i64>>),
    Real(Vec<Option<f64>>),
}

/// The bytes of a Parquet file with the rows of a CSV, its columns of the kinds that `kind` gives by name.
///
/// # Errors
/// When the CSV cannot be read, or a field is not of its column's kind.
pub fn of_csv(csv: &Path, kind: impl Fn(&str) -> Kind) -> Result<Vec<u8>, Problem> {
    let mut file = CsvFile::open(csv)?;
    let names = file.header();
    let kinds: Vec<Kind> = names.iter().map(|name| kind(name)).collect();
    let failed = |error: ParquetError| Problem::of_file(csv, format!("cannot become Parquet: {error}"));
    let properties = WriterProperties::builder().set_created_by(format!("fleetsim {}", env!("CARGO_PKG_VERSION")));
    let schema = schema(&names, &kinds).map_err(failed)?;
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties.build())).map_err(failed)?;
    loop {
        let columns = group(&mut file, &kinds)?;
        if columns.first().is_none_or(Values::is_empty) {
            break;
        }
        let mut group = writer.next_row_group().map_err(failed)?;
        columns.iter().try_for_each(|column| column.write(&mut group)).map_err(failed)?;
        group.close().map_err(failed)?;
    }
    writer.into_inner().map_err(failed)
}

fn schema(names: &[String], kinds: &[Kind]) -> Result<TypePtr, ParquetError> {
    let field = |(name, kind): (&String, &Kind)| {
        let (physical, logical) = match kind {
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Whole => (Physical::INT64, Some(LogicalType::integer(64, false))),
            Kind::Real => (Physical::DOUBLE, None),
        };
        let field = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
        Ok(Arc::new(field.with_logical_type(logical).build()?))
    };
    let fields = names.iter().zip(kinds).map(field).collect::<Result<_, ParquetError>>()?;
    Ok(Arc::new(Type::group_type_builder("fleetsim").with_fields(fields).build()?))
}

/// Reads the next rows, at most [`GROUP`].
fn group(file: &mut CsvFile, kinds: &[Kind]) -> Result<Vec<Values>, Problem> {
    let mut columns: Vec<Values> = kinds.iter().map(|kind| Values::of_kind(*kind)).collect();
    let mut rows = 0;
    while rows < GROUP && file.next()? {
        for (at, column) in columns.iter_mut().enumerate() {
            column.push(file, at)?;
        }
        rows += 1;
    }
    Ok(columns)
}

impl Values {
    fn of_kind(kind: Kind) -> Self {
        match kind {
            Kind::Text => Values::Text(Vec::new()),
            Kind::Whole => Values::Whole(Vec::new()),
            Kind::Real => Values::Real(Vec::new()),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Values::Text(values) => values.is_empty(),
            Values::Whole(values) => values.is_empty(),
            Values::Real(values) => values.is_empty(),
        }
    }

    fn push(&mut self, file: &CsvFile, at: usize) -> Result<(), Problem> {
        let bytes = file.bytes(at);
        match self {
            Values::Text(values) => values.push((!bytes.is_empty()).then(|| ByteArray::from(bytes.to_vec()))),
            Values::Real(values) => values.push(file.maybe(at)?),
            Values::Whole(values) if bytes.is_empty() => values.push(None),
            Values::Whole(values) => {
                let number = std::str::from_utf8(bytes).ok().and_then(|text| text.parse::<u64>().ok());
                let none = || file.problem(&format!("is damaged: \"{}\" is no whole number", file.text(at)));
                // The bits of the unsigned number: the logical type says so.
                values.push(Some(number.ok_or_else(none)?.cast_signed()));
            }
        }
        Ok(())
    }

    fn write<W: std::io::Write + Send>(&self, group: &mut SerializedRowGroupWriter<'_, W>) -> Result<(), ParquetError> {
        match self {
            Values::Text(values) => write::<ByteArrayType, W>(values, group),
            Values::Whole(values) => write::<Int64Type, W>(values, group),
            Values::Real(values) => write::<DoubleType, W>(values, group),
        }
    }
}

fn write<T: DataType, W: std::io::Write + Send>(
    values: &[Option<T::T>],
    group: &mut SerializedRowGroupWriter<'_, W>,
) -> Result<(), ParquetError> {
    let there: Vec<T::T> = values.iter().flatten().cloned().collect();
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let Some(mut column) = group.next_column()? else { return Ok(()) };
    column.typed::<T>().write_batch(&there, Some(&levels), None)?;
    column.close()
}
