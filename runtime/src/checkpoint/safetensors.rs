//! The format of safetensors: a header in JSON that says where each tensor lies, and the bytes of all tensors. Must not know whose they are.
//!
//! Written here, because the crate of that name and what it needs take a tenth of the time in which a program that trains compiles.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// More than any header that is written.
const LONGEST_HEADER: usize = 100_000_000;

/// A tensor of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tensor<'a> {
    /// Its type of elements, as the format calls it: `F32`.
    pub kind: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its elements, little-endian and in row-major order.
    pub bytes: &'a [u8],
}

/// The bytes of a file of tensors, which are written in the order of their names.
pub(super) fn write(tensors: &BTreeMap<&str, Tensor<'_>>) -> Vec<u8> {
    let (mut header, mut end) = (String::from("{"), 0);
    for (name, Tensor { kind, shape, bytes }) in tensors {
        let start = end;
        end += bytes.len();
        let comma = if header.len() == 1 { "" } else { "," };
        let shape: Vec<String> = shape.iter().map(usize::to_string).collect();
        let shape = shape.join(",");
        // Paths are identifiers with dots, so nothing in them needs an escape.
        let _ = write!(header, r#"{comma}"{name}":{{"dtype":"{kind}","shape":[{shape}],"data_offsets":[{start},{end}]}}"#);
    }
    header.push('}');
    // Tensors begin where a multiple of 8 bytes does.
    header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.reserve_exact(header.len() + end);
    file.extend(header.bytes());
    tensors.values().for_each(|tensor| file.extend_from_slice(tensor.bytes));
    file
}

/// The tensors of a file by their names, or what is wrong with it.
pub(super) fn read(file: &[u8]) -> Result<BTreeMap<String, Tensor<'_>>, String> {
    let (length, rest) = file.split_first_chunk::<8>().ok_or("it has less than 8 bytes")?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok().filter(|&length| length <= LONGEST_HEADER);
    let (header, bytes) = length.and_then(|length| rest.split_at_checked(length)).ok_or("it ends within its header")?;
    let text = std::str::from_utf8(header).map_err(|_| "its header is no text")?;
    let mut header = Header { text, at: 0 };
    let placed = header.tensors().ok_or_else(|| format!("its header cannot be read at byte {}", header.at))?;
    let mut ends: Vec<[usize; 2]> = placed.values().map(|placed| placed.bytes).collect();
    ends.sort_unstable();
    let last = ends.iter().try_fold(0, |end, &[start, stop]| (start == end && stop >= start).then_some(stop));
    if last != Some(bytes.len()) {
        return Err("its tensors do not fill it from the first byte to the last".into());
    }
    let tensor = |Placed { kind, shape, bytes: [start, end] }| Tensor { kind, shape, bytes: &bytes[start..end] };
    Ok(placed.into_iter().map(|(name, placed)| (name, tensor(placed))).collect())
}

/// A tensor and where its bytes are, behind the header.
struct Placed {
    kind: String,
    shape: Vec<usize>,
    bytes: [usize; 2],
}

/// A header that is being read: only the JSON that the format allows.
struct Header<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Header<'a> {
    /// The whole header: tensors by name, and perhaps texts about them, which are not kept.
    fn tensors(&mut self) -> Option<BTreeMap<String, Placed>> {
        let mut tensors = BTreeMap::new();
        self.members(|header, name| {
            if name == "__metadata__" {
                return header.members(|header, _| header.string().map(drop));
            }
            let tensor = header.tensor()?;
            tensors.insert(name, tensor).is_none().then_some(())
        })?;
        self.skip_spaces();
        (self.at == self.text.len()).then_some(tensors)
    }

    fn tensor(&mut self) -> Option<Placed> {
        let (mut kind, mut shape, mut bytes) = (None, None, None);
        self.members(|header, key| {
            match key.as_str() {
                "dtype" => kind = Some(header.string()?),
                "shape" => shape = Some(header.numbers()?),
                "data_offsets" => bytes = Some(header.numbers()?.try_into().ok()?),
                _ => return None,
            }
            Some(())
        })?;
        Some(Placed { kind: kind?, shape: shape?, bytes: bytes? })
    }

    /// An object, whose values are read by `value`.
    fn members(&mut self, mut value: impl FnMut(&mut Self, String) -> Option<()>) -> Option<()> {
        self.listed('{', '}', |header| {
            let name = header.string()?;
            header.skip(':').then_some(())?;
            value(header, name)
        })
    }

    fn numbers(&mut self) -> Option<Vec<usize>> {
        let mut numbers = Vec::new();
        self.listed('[', ']', |header| {
            header.skip_spaces();
            let rest = header.rest();
            let digits = &rest[..rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len())];
            header.at += digits.len();
            numbers.push(digits.parse().ok()?);
            Some(())
        })?;
        Some(numbers)
    }

    /// What stands between two brackets, with commas between.
    fn listed(&mut self, open: char, close: char, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.skip(open).then_some(())?;
        if self.skip(close) {
            return Some(());
        }
        loop {
            item(self)?;
            if self.skip(close) {
                return Some(());
            }
            self.skip(',').then_some(())?;
        }
    }

    fn string(&mut self) -> Option<String> {
        self.skip('"').then_some(())?;
        let mut string = String::new();
        loop {
            match self.next()? {
                '"' => return Some(string),
                '\\' => string.push(self.escaped()?),
                character if character < ' ' => return None,
                character => string.push(character),
            }
        }
    }

    /// The character that an escape stands for.
    fn escaped(&mut self) -> Option<char> {
        Some(match self.next()? {
            character @ ('"' | '\\' | '/') => character,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let first = self.unit()?;
                // What does not fit into one unit is written as two.
                let second =
                    if (0xd800..0xdc00).contains(&first) && self.skip('\\') && self.skip('u') { self.unit() } else { None };
                char::decode_utf16([first].into_iter().chain(second)).next()?.ok()?
            }
            _ => return None,
        })
    }

    fn unit(&mut self) -> Option<u16> {
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        self.at += 4;
        u16::from_str_radix(digits, 16).ok()
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn next(&mut self) -> Option<char> {
        let character = self.rest().chars().next()?;
        self.at += character.len_utf8();
        Some(character)
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    /// Skips spaces and a character, if that comes next.
    fn skip(&mut self, character: char) -> bool {
        self.skip_spaces();
        let found = self.rest().starts_with(character);
        self.at += if found { character.len_utf8() } else { 0 };
        found
    }
}

#[cfg(test)]
mod tests {
    use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

    use super::*;

    fn tensor<'a>(shape: &[usize], bytes: &'a [u8]) -> Tensor<'a> {
        Tensor { kind: "F32".into(), shape: shape.to_vec(), bytes }
    }

    /// A file with a header.
    fn file(header: &str, bytes: usize) -> Vec<u8> {
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &vec![0; bytes]].concat()
    }

    #[test]
    fn the_bytes_are_those_of_the_reference() {
        let (numbers, one): (Vec<u8>, _) = ((0..24).collect(), [7; 4]);
        let ours =
            write(&BTreeMap::from([("b.w", tensor(&[2, 3], &numbers)), ("a", tensor(&[], &one)), ("c", tensor(&[0], &[]))]));
        let view = |shape: &[usize], bytes| TensorView::new(Dtype::F32, shape.to_vec(), bytes).expect("a tensor");
        let theirs = [("b.w", view(&[2, 3], &numbers)), ("a", view(&[], &one)), ("c", view(&[0], &[]))];
        assert_eq!(ours, serialize(theirs, None).expect("a file"));
        assert_eq!(write(&BTreeMap::new()), serialize(BTreeMap::<String, TensorView<'_>>::new(), None).expect("a file"));
    }

    #[test]
    fn what_the_reference_reads_is_read() {
        let header = r#" { "__metadata__" : {"a\"": "\u00e9\ud83d\ude00\n"}, "\u0061\/" : {"shape": [ ], "data_offsets":[0,4] ,"dtype":"F32"},
            "é":{"dtype":"BF16","shape":[2,1],"data_offsets":[4,8]}} "#;
        let file = file(header.trim_start(), 8);
        let theirs = SafeTensors::deserialize(&file).expect("a file");
        let ours = read(&file).expect("a file");
        assert_eq!(ours.keys().collect::<Vec<_>>(), ["a/", "é"]);
        for (name, tensor) in ours {
            let other = theirs.tensor(&name).expect("a tensor");
            assert_eq!(
                (&*tensor.shape, tensor.bytes, tensor.kind),
                (other.shape(), other.data(), format!("{:?}", other.dtype()))
            );
        }
    }

    #[test]
    fn what_is_no_file_of_tensors_is_refused() {
        let whole = r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
        assert!(read(&file(whole, 4)).is_ok());
        assert!((0..whole.len() + 12).all(|cut| read(&file(whole, 4)[..cut]).is_err()));
        assert!((0..whole.len()).all(|cut| read(&file(&whole[..cut], 4)).is_err()));
        let twice = format!("{},{}", whole.trim_end_matches('}').to_owned() + "}", &whole[1..]);
        let mended = |from, to| whole.replace(from, to);
        let broken = [
            twice,
            mended("\"shape\":[1],", ""),
            mended("[0,4]", "[0,4,4]"),
            mended("[0,4]", "[4,0]"),
            mended("[0,4]", "[1,4]"),
            mended("[1]", "[-1]"),
            mended("[1]", "[99999999999999999999]"),
            mended("[1]", "[1,]"),
            mended("\"a\"", "\"\\ud800\""),
            mended("\"a\"", "\"\\u00g0\""),
            mended("\"a\"", "\"a\nb\""),
            mended("shape", "form"),
            mended("}}", "}} x"),
        ];
        for header in broken {
            assert!(read(&file(&header, 4)).is_err(), "{header}");
        }
        assert!(read(&file(whole, 5)).is_err());
        assert!(read(&[0xff; 64]).is_err());
    }
}
