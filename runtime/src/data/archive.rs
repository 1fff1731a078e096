//! Archives of files, stored or deflated (ZIP, with the large sizes of ZIP64). Must not know what the files are.
//!
//! Written here, because the crate for all archives takes a tenth of the time in which a program that trains compiles.

use std::io::{self, Read, Seek, SeekFrom};

use flate2::CrcReader;
use flate2::read::DeflateDecoder;

/// The last record of an archive, and the longest comment behind it.
const END: usize = 22;
const LONGEST_END: u64 = END as u64 + 0xffff;

/// A file in an archive.
pub(super) struct Entry {
    pub(super) name: String,
    deflated: bool,
    check: u32,
    /// The bytes that it takes.
    length: u64,
    /// Where its own header is.
    start: u64,
}

/// What an archive says is in it.
pub(super) fn entries<R: Read + Seek>(reader: &mut R) -> io::Result<Vec<Entry>> {
    let length = reader.seek(SeekFrom::End(0))?;
    let from = length.saturating_sub(LONGEST_END);
    let end = bytes(reader, from, length - from)?;
    let begins = |at: &usize| end[*at..].starts_with(b"PK\x05\x06");
    let at = (0..(end.len() + 1).saturating_sub(END)).rev().find(begins).ok_or_else(|| broken("it has no end record"))?;
    let record = Record(&end[at..]);
    let (mut size, mut start) = (record.u32(12)?, record.u32(16)?);
    if size == u64::from(u32::MAX) || start == u64::from(u32::MAX) || record.u16(10)? == u64::from(u16::MAX) {
        let before = (from + at as u64).checked_sub(20).ok_or_else(|| broken("it is too short"))?;
        let locator = bytes(reader, before, 20)?;
        let locator = Record(&locator);
        // Archives of just so many files are no larger ones.
        if locator.0.starts_with(b"PK\x06\x07") {
            let large = bytes(reader, locator.u64(8)?, 56)?;
            (size, start) = (Record(&large).u64(40)?, Record(&large).u64(48)?);
        }
    }
    if start.checked_add(size).is_none_or(|end| end > length) {
        return Err(broken("its directory is not inside"));
    }
    let directory = bytes(reader, start, size)?;
    let (mut rest, mut entries) = (&directory[..], Vec::new());
    while !rest.is_empty() {
        let (entry, after) = entry(rest)?;
        entries.push(entry);
        rest = after;
    }
    Ok(entries)
}

/// The contents of a file, which fail at their end if they are not what was stored.
pub(super) fn contents<'r, R: Read + Seek>(reader: &'r mut R, entry: &Entry) -> io::Result<Box<dyn Read + 'r>> {
    let header = bytes(reader, entry.start, 30)?;
    let record = Record(&header);
    record.begins(b"PK\x03\x04")?;
    let start = entry.start + 30 + record.u16(26)? + record.u16(28)?;
    reader.seek(SeekFrom::Start(start))?;
    let stored = reader.take(entry.length);
    let contents: Box<dyn Read + 'r> = if entry.deflated { Box::new(DeflateDecoder::new(stored)) } else { Box::new(stored) };
    Ok(Box::new(Checked { contents: CrcReader::new(contents), check: entry.check }))
}

struct Checked<R> {
    contents: CrcReader<R>,
    check: u32,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.contents.read(buffer)?;
        if count == 0 && !buffer.is_empty() && self.contents.crc().sum() != self.check {
            return Err(broken("a file in it is damaged"));
        }
        Ok(count)
    }
}

/// The first entry of a directory, and what follows.
fn entry(directory: &[u8]) -> io::Result<(Entry, &[u8])> {
    let record = Record(directory);
    record.begins(b"PK\x01\x02")?;
    let [name, extra, comment] = [28, 30, 32].map(|at| record.u16(at));
    let (name, extra, comment) = (name? as usize, extra? as usize, comment? as usize);
    let name = record.part(46, name)?;
    let extra = record.part(46 + name.len(), extra)?;
    let after = 46 + name.len() + extra.len() + comment;
    let after = directory.get(after..).ok_or_else(|| broken("its directory is cut short"))?;
    let [length, whole, start] = [20, 24, 42].map(|at| record.u32(at));
    let (mut length, mut whole, mut start) = (length?, whole?, start?);
    // What does not fit stands in a field of its own, in this order.
    let mut large = large_sizes(extra);
    for number in [&mut whole, &mut length, &mut start] {
        if *number == u64::from(u32::MAX) {
            *number = large.next().ok_or_else(|| broken("a size in it is missing"))?;
        }
    }
    let deflated = match (record.u16(8)? & 1, record.u16(10)?) {
        (0, 0) => false,
        (0, 8) => true,
        (0, method) => {
            return Err(broken(&format!("a file in it is compressed by method {method}; stored and deflated ones are read")));
        }
        _ => return Err(broken("a file in it is encrypted")),
    };
    let name = String::from_utf8_lossy(name).into_owned();
    Ok((Entry { name, deflated, check: record.u32(16)? as u32, length, start }, after))
}

/// The numbers of the field of large sizes.
fn large_sizes(mut fields: &[u8]) -> impl Iterator<Item = u64> {
    let mut found: &[u8] = &[];
    while let [a, b, c, d, rest @ ..] = fields {
        let length = usize::from(u16::from_le_bytes([*c, *d])).min(rest.len());
        if u16::from_le_bytes([*a, *b]) == 1 {
            found = &rest[..length];
        }
        fields = &rest[length..];
    }
    found.chunks_exact(8).map(|bytes| bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

/// Fields at fixed places, little-endian.
struct Record<'a>(&'a [u8]);

impl<'a> Record<'a> {
    fn part(&self, at: usize, length: usize) -> io::Result<&'a [u8]> {
        self.0.get(at..at + length).ok_or_else(|| broken("a record of it is cut short"))
    }

    fn number(&self, at: usize, length: usize) -> io::Result<u64> {
        Ok(self.part(at, length)?.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    fn u16(&self, at: usize) -> io::Result<u64> {
        self.number(at, 2)
    }

    fn u32(&self, at: usize) -> io::Result<u64> {
        self.number(at, 4)
    }

    fn u64(&self, at: usize) -> io::Result<u64> {
        self.number(at, 8)
    }

    fn begins(&self, signature: &[u8]) -> io::Result<()> {
        if self.0.starts_with(signature) { Ok(()) } else { Err(broken("a record of it is not where it should be")) }
    }
}

/// Exactly so many bytes from there.
fn bytes<R: Read + Seek>(reader: &mut R, from: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.seek(SeekFrom::Start(from))?;
    let read = reader.take(length).read_to_end(&mut bytes)?;
    if read as u64 == length { Ok(bytes) } else { Err(broken("it is cut short")) }
}

fn broken(problem: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::write::SimpleFileOptions;
    use zip::{CompressionMethod, ZipWriter};

    use super::*;

    /// An archive of two files, written by the crate for all archives.
    fn archive(method: CompressionMethod, large: bool) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(method).large_file(large);
        for (name, byte) in [("a", b'a'), ("b/c", b'b')] {
            writer.start_file(name, options).expect("an entry");
            writer.write_all(&[byte; 300]).expect("bytes");
        }
        writer.set_comment("a comment").expect("a short comment");
        writer.finish().expect("an archive").into_inner()
    }

    /// All names and contents.
    fn unpacked(archive: &[u8]) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut reader = Cursor::new(archive);
        let mut files = Vec::new();
        for entry in entries(&mut reader)? {
            let mut bytes = Vec::new();
            contents(&mut reader, &entry)?.read_to_end(&mut bytes)?;
            files.push((entry.name, bytes));
        }
        Ok(files)
    }

    #[test]
    fn archives_are_read() {
        for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
            for large in [false, true] {
                let files = unpacked(&archive(method, large)).expect("an archive");
                assert_eq!(files, [("a".into(), vec![b'a'; 300]), ("b/c".into(), vec![b'b'; 300])]);
            }
        }
        let empty = ZipWriter::new(Cursor::new(Vec::new())).finish().expect("an archive").into_inner();
        assert!(unpacked(&empty).expect("an archive").is_empty());
    }

    #[test]
    fn large_numbers_stand_in_a_field_of_their_own() {
        let whole = archive(CompressionMethod::Stored, false);
        let end = whole.windows(4).rposition(|bytes| bytes == b"PK\x05\x06").expect("an end record");
        let start = u64::from(u32::from_le_bytes(whole[end + 16..][..4].try_into().expect("4 bytes")));
        let mut large = whole[..end].to_vec();
        // The record of a large archive, where it is, and the old record, which now knows nothing.
        large.extend([b"PK\x06\x06", &[0; 36][..], &(end as u64 - start).to_le_bytes(), &start.to_le_bytes()].concat());
        large.extend([b"PK\x06\x07", &[0; 4][..], &(end as u64).to_le_bytes(), &[1, 0, 0, 0]].concat());
        large.extend([b"PK\x05\x06", &[0; 4][..], &[0xff; 12], &[0; 2]].concat());
        assert_eq!(unpacked(&large).expect("a large archive"), unpacked(&whole).expect("an archive"));
        let fields = [&[9, 0, 1, 0, 5, 1, 0, 8, 0][..], &7_u64.to_le_bytes()].concat();
        assert_eq!(large_sizes(&fields).collect::<Vec<_>>(), [7]);
        assert_eq!(large_sizes(&fields[..12]).count(), 0);
    }

    #[test]
    fn what_is_damaged_is_refused() {
        let whole = archive(CompressionMethod::Deflated, false);
        let end = whole.windows(4).rposition(|bytes| bytes == b"PK\x05\x06").expect("an end record") + END;
        assert_eq!((0..end).find(|&cut| unpacked(&whole[..cut]).is_ok()), None);
        // No byte that is changed leads to a panic, and none of the contents is read as another one.
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0xff;
            if let Ok(files) = unpacked(&damaged) {
                assert!(files.iter().all(|(_, bytes)| bytes == &[b'a'; 300] || bytes == &[b'b'; 300]), "byte {at}");
            }
        }
    }
}
