//! Rows of CSV, built in a buffer of bytes: millions of jobs are written in a run.

use crate::units::Time;
use crate::units::time::MICROS_PER_SECOND;

/// A growing piece of CSV.
#[derive(Debug, Default)]
pub struct Rows {
    bytes: Vec<u8>,
    row_open: bool,
}

impl Rows {
    /// Begins with a header.
    #[must_use]
    pub fn with_header(header: &str) -> Self {
        let mut rows = Rows::default();
        rows.bytes.extend_from_slice(header.as_bytes());
        rows.bytes.push(b'\n');
        rows
    }

    /// What has been built.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets what has been built.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    fn separate(&mut self) {
        if self.row_open {
            self.bytes.push(b',');
        }
        self.row_open = true;
    }

    /// Ends the row.
    pub fn end(&mut self) {
        self.bytes.push(b'\n');
        self.row_open = false;
    }

    /// A field, quoted where it must be.
    pub fn text(&mut self, text: &str) {
        self.separate();
        push_field(&mut self.bytes, text);
    }

    /// A field that is known to need no quotes.
    pub fn plain(&mut self, text: &[u8]) {
        self.separate();
        self.bytes.extend_from_slice(text);
    }

    /// A whole number.
    pub fn number(&mut self, number: u64) {
        self.separate();
        push_number(&mut self.bytes, number);
    }

    /// Decimal seconds of microseconds, exactly, without trailing zeros.
    pub fn seconds(&mut self, micros: u64) {
        self.separate();
        push_number(&mut self.bytes, micros / MICROS_PER_SECOND);
        let mut rest = micros % MICROS_PER_SECOND;
        if rest == 0 {
            return;
        }
        self.bytes.push(b'.');
        let mut place = MICROS_PER_SECOND / 10;
        while rest > 0 {
            self.bytes.push(b'0' + (rest / place) as u8);
            rest %= place;
            place /= 10;
        }
    }

    /// The seconds of an instant, or nothing.
    pub fn instant(&mut self, time: Option<Time>) {
        match time {
            Some(time) => self.seconds(time.micros()),
            None => self.plain(b""),
        }
    }
}

fn push_number(bytes: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    bytes.extend_from_slice(&digits[at..]);
}

/// Appends a field as RFC 4180 writes it.
pub fn push_field(bytes: &mut Vec<u8>, text: &str) {
    if !text.bytes().any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r')) {
        bytes.extend_from_slice(text.as_bytes());
        return;
    }
    bytes.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' {
            bytes.push(b'"');
        }
        bytes.push(byte);
    }
    bytes.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_exact_and_quoted_where_they_must_be() {
        let mut rows = Rows::with_header("a,b");
        rows.text("x,\"y\"");
        rows.seconds(12_500_000);
        rows.instant(None);
        rows.seconds(7);
        rows.number(0);
        rows.end();
        assert_eq!(rows.bytes(), b"a,b\n\"x,\"\"y\"\"\",12.5,,0.000007,0\n");
    }
}
