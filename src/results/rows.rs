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
        let mut digits = Digits::default();
        let (whole, rest) = (micros / MICROS_PER_SECOND, micros % MICROS_PER_SECOND);
        let mut end = DIGITS;
        if rest > 0 {
            for pair in [rest % 100, rest / 100 % 100, rest / 10_000] {
                digits.prepend_pair(pair);
            }
            digits.prepend(b'.');
            while digits.text[end - 1] == b'0' {
                end -= 1;
            }
        }
        digits.prepend_number(whole);
        self.bytes.extend_from_slice(&digits.text[digits.first..end]);
    }

    /// The seconds of an instant, or nothing.
    pub fn instant(&mut self, time: Option<Time>) {
        match time {
            Some(time) => self.seconds(time.micros()),
            None => self.plain(b""),
        }
    }
}

fn push_number(bytes: &mut Vec<u8>, number: u64) {
    let mut digits = Digits::default();
    digits.prepend_number(number);
    bytes.extend_from_slice(&digits.text[digits.first..]);
}

/// Room for the longest number: 20 digits, a point among them.
const DIGITS: usize = 24;

/// The two digits of each number below 100.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

/// A number as text, written from its end.
struct Digits {
    text: [u8; DIGITS],
    first: usize,
}

impl Default for Digits {
    fn default() -> Self {
        Digits { text: [0; DIGITS], first: DIGITS }
    }
}

impl Digits {
    fn prepend(&mut self, byte: u8) {
        self.first -= 1;
        self.text[self.first] = byte;
    }

    /// Two digits of a number below 100.
    fn prepend_pair(&mut self, pair: u64) {
        self.first -= 2;
        self.text[self.first..self.first + 2].copy_from_slice(&PAIRS[pair as usize]);
    }

    /// A number without leading zeros.
    fn prepend_number(&mut self, mut number: u64) {
        while number >= 100 {
            self.prepend_pair(number % 100);
            number /= 100;
        }
        if number >= 10 {
            self.prepend_pair(number);
        } else {
            self.prepend(b'0' + number as u8);
        }
    }
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
        rows.seconds(u64::MAX);
        rows.seconds(30_000_000);
        rows.number(u64::MAX);
        rows.end();
        let expected = "a,b\n\"x,\"\"y\"\"\",12.5,,0.000007,0,18446744073709.551615,30,18446744073709551615\n";
        assert_eq!(rows.bytes(), expected.as_bytes());
    }
}
