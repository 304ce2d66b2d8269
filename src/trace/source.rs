//! Opening an input file: decompression by what its first bytes say, and the fingerprint of what is stored.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use crate::input::Problem;
use crate::units::hash::Fingerprint;

/// Bytes read from the disk at once.
pub const CHUNK: usize = 128 * 1024;

/// First bytes of files that are no text, and what they are.
const FOREIGN: [(&[u8], &str); 6] = [
    (b"PK\x03\x04", "is a zip archive"),
    (b"\xFD7zXZ\0", "is compressed with xz"),
    (b"PAR1", "is a Parquet file"),
    (b"SQLite f", "is an SQLite database"),
    (b"\xFF\xFE", "is UTF-16 text"),
    (b"\xFE\xFF", "is UTF-16 text"),
];

/// A file's bytes after decompression.
#[derive(Debug)]
pub struct Source(Stream);

#[derive(Debug)]
enum Stream {
    Plain(Raw),
    Gzip(Box<MultiGzDecoder<Raw>>),
    Zstd(Box<ZstdFrames>),
}

/// The bytes on disk: those looked at to tell the format, then the others.
type Raw = Chain<Cursor<Vec<u8>>, BufReader<Fingerprinted>>;

/// A file that is fingerprinted while it is read.
#[derive(Debug)]
struct Fingerprinted {
    file: File,
    print: Fingerprint,
}

impl Source {
    /// Opens a plain, gzip or zstd file.
    ///
    /// # Errors
    /// The file does not exist, is a directory, may not be read, or is of another format.
    pub fn open(path: &Path) -> Result<Source, Problem> {
        let file = File::open(path).map_err(|e| unreadable(path, &e))?;
        if file.metadata().is_ok_and(|m| m.is_dir()) {
            return Err(Problem::of_file(path, "is a folder; expected a file"));
        }
        let file = Fingerprinted { file, print: Fingerprint::new(0) };
        let mut reader = BufReader::with_capacity(CHUNK, file);
        let mut head = Vec::new();
        reader.by_ref().take(8).read_to_end(&mut head).map_err(|e| unreadable(path, &e))?;
        if let Some((_, what)) = FOREIGN.iter().find(|(magic, _)| head.starts_with(magic)) {
            let expected = "expected UTF-8 text, plain or compressed with gzip or zstd";
            return Err(Problem::of_file(path, format!("{what}; {expected}")));
        }
        let stream = match head.as_slice() {
            [0x1F, 0x8B, ..] => |raw| Stream::Gzip(Box::new(MultiGzDecoder::new(raw))),
            [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => {
                |raw| Stream::Zstd(Box::new(ZstdFrames::new(raw)))
            }
            _ => Stream::Plain,
        };
        Ok(Source(stream(Cursor::new(head).chain(reader))))
    }

    /// XXH64 of the whole file as it is stored; reads what is left of it.
    ///
    /// # Errors
    /// The rest cannot be read.
    pub fn fingerprint(self) -> io::Result<u64> {
        let raw = match self.0 {
            Stream::Plain(raw) => raw,
            Stream::Gzip(decoder) => decoder.into_inner(),
            Stream::Zstd(frames) => frames.raw,
        };
        let (_, mut rest) = raw.into_inner();
        io::copy(&mut rest, &mut io::sink())?;
        Ok(rest.into_inner().print.value())
    }

    /// Says what an error of reading from here means to the owner of the file.
    #[must_use]
    pub fn explain(&self, error: &io::Error) -> String {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        match (&self.0, error.kind()) {
            (Stream::Gzip(_), UnexpectedEof) => "the gzip data is cut off".to_owned(),
            (Stream::Gzip(_), InvalidData | InvalidInput) => "the gzip data is damaged".to_owned(),
            (Stream::Zstd(_), InvalidData) => "the zstd data is damaged or cut off".to_owned(),
            _ => format!("cannot be read: {error}"),
        }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Stream::Plain(raw) => raw.read(buffer),
            Stream::Gzip(decoder) => decoder.read(buffer),
            Stream::Zstd(frames) => frames.read(buffer),
        }
    }
}

impl Read for Fingerprinted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.print.update(&buffer[..count]);
        Ok(count)
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Problem {
    let message = match error.kind() {
        io::ErrorKind::NotFound => "does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be read: permission denied".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    Problem::of_file(path, message)
}

/// All frames of a zstd file, one after the other; the decoder itself knows only one.
struct ZstdFrames {
    raw: Raw,
    decoder: FrameDecoder,
    in_frame: bool,
}

impl ZstdFrames {
    fn new(raw: Raw) -> Self {
        ZstdFrames { raw, decoder: FrameDecoder::new(), in_frame: false }
    }

    /// Goes to the next frame with data; `false` at the end of the file.
    fn next_frame(&mut self) -> io::Result<bool> {
        while !self.raw.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.raw) {
                Ok(()) => {
                    self.in_frame = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let skipped = io::copy(&mut (&mut self.raw).take(u64::from(length)), &mut io::sink())?;
                    if skipped < u64::from(length) {
                        return Err(io::ErrorKind::InvalidData.into());
                    }
                }
                Err(_) => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
        Ok(false)
    }

    fn end_frame(&mut self) -> io::Result<()> {
        self.in_frame = false;
        match (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum()) {
            (Some(stored), Some(found)) if stored != found => Err(io::ErrorKind::InvalidData.into()),
            _ => Ok(()),
        }
    }
}

impl Read for ZstdFrames {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.in_frame && !self.next_frame()? {
                return Ok(0);
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.raw, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
            }
            let count = self.decoder.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            self.end_frame()?;
        }
    }
}

impl std::fmt::Debug for ZstdFrames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ZstdFrames").field("in_frame", &self.in_frame).finish_non_exhaustive()
    }
}
