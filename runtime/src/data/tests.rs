use std::io::Write;
use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2, array};
use rawzip::CompressionMethod;

use super::*;

/// A file of its own for each test, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, contents: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("chainrule-{}-{name}", std::process::id()));
        std::fs::write(&path, contents).expect("a temporary file");
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn the_digits_are_complete() {
    let digits = digits().expect("part of the crate");
    let Some(Column::Integer(labels)) = digits.get("label") else { panic!("labels") };
    let (x, t) = (digits.get("x").expect("x").to_real(), digits.get("t").expect("t").to_real());
    assert_eq!((x.shape(), t.shape()), (&[1797, 64][..], &[1797, 10][..]));
    let mut counts = [0; 10];
    labels.iter().for_each(|&label| counts[label as usize] += 1);
    assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    assert_eq!(x.sum() * 16.0, 561_718.0);
    assert!((0..1797).all(|sample| t[[sample, labels[sample] as usize]] == 1.0) && t.sum() == 1797.0);
}

fn numbered(samples: usize) -> Dataset {
    let x = Array2::from_shape_fn((samples, 2), |(sample, axis)| (10 * sample + axis) as f32);
    Dataset::new(x, Array1::from_iter(0..samples as i32)).expect("same length").with_whole("table", vec![1.0, 2.0, 3.0])
}

#[test]
fn batches_have_every_sample_once() {
    let data = numbered(10);
    let batches: Vec<Batch> = data.batches(4, &mut crate::rng(1)).collect();
    assert_eq!(batches.iter().map(Batch::len).collect::<Vec<_>>(), [4, 4, 2]);
    let mut seen: Vec<i32> = batches.iter().flat_map(|batch| batch.integers("t").expect("integers").iter().copied()).collect();
    assert_ne!(seen, (0..10).collect::<Vec<_>>());
    seen.sort_unstable();
    assert_eq!(seen, (0..10).collect::<Vec<_>>());
    for batch in &batches {
        assert_eq!(batch.x.column_first(), batch.t.iter().map(|label| 10.0 * label).collect::<Vec<_>>());
        assert_eq!(batch.real("table").expect("whole").len(), 3);
    }
    assert_eq!(batches, data.batches(4, &mut crate::rng(1)).collect::<Vec<_>>());
    let first = data.batches_in_order(3).next().expect("one");
    assert_eq!(first.t.as_slice(), Some(&[0.0, 1.0, 2.0][..]));
}

/// The first column of a matrix.
trait ColumnFirst {
    fn column_first(&self) -> Vec<f32>;
}

impl ColumnFirst for ndarray::ArrayD<f32> {
    fn column_first(&self) -> Vec<f32> {
        self.axis_iter(Axis(0)).map(|row| row[[0]]).collect()
    }
}

#[test]
fn a_split_is_a_partition_that_the_seed_fixes() {
    let data = numbered(11);
    let (train, test) = data.split(0.8, 7);
    assert_eq!((train.len(), test.len()), (9, 2));
    assert_eq!((train.clone(), test.clone()), data.split(0.8, 7));
    assert_ne!(train, data.split(0.8, 8).0);
    assert_eq!(data.split(7.0, 1).1.len() + data.split(f64::NAN, 1).0.len(), 0);
}

#[test]
fn columns_must_agree() {
    let error = Dataset::new(Array2::<f32>::zeros((3, 2)), Array1::<i32>::zeros(4)).expect_err("3 and 4").to_string();
    assert!(error.contains("column `t`: its first axis has 4 entries, but the data set has 3 samples"), "{error}");
    let error = one_hot(ndarray::aview1(&[1, 3]), 3).expect_err("3 is no class").to_string();
    assert_eq!(error, "`labels` takes integers in 0..3, but element 1 is 3");
    let transposed = Column::from(array![[1.0_f32, 2.0], [3.0, 4.0]].reversed_axes());
    assert_eq!(transposed.to_real().as_slice(), Some(&[1.0, 3.0, 2.0, 4.0][..]));
}

#[test]
fn csv_files_are_read_with_and_without_names() {
    let named = Scratch::new("named.csv", b"a, b ,label\n1,2.5,0\n-3e2,4,1\n");
    let table = csv(&named.0, CsvOptions::default()).expect("numbers");
    assert_eq!(table.names, ["a", "b", "label"]);
    assert_eq!(table.without(&["label"]).expect("two columns"), array![[1.0, 2.5], [-300.0, 4.0]]);
    assert_eq!(table.integers("label").expect("integers"), array![0, 1]);
    assert_eq!(table.integers("b").expect_err("2.5").to_string(), "column `b`: 2.5 in data line 1 is not an integer of 32 bits");
    assert!(table.columns(&["c"]).expect_err("no c").to_string().contains("there is none; the table has a, b, label"));
    let bare = Scratch::new("bare.csv", b"1;2\n3;4\n");
    let table = csv(&bare.0, CsvOptions { header: false, delimiter: b';' }).expect("numbers");
    assert_eq!(table.values, array![[1.0, 2.0], [3.0, 4.0]]);
}

#[test]
fn csv_errors_say_where() {
    let word = Scratch::new("word.csv", b"a,b\n1,2\n3,four\n");
    let error = csv(&word.0, CsvOptions::default()).expect_err("four").to_string();
    assert!(error.ends_with("word.csv:3: column `b`: `four` is not a number"), "{error}");
    let short = Scratch::new("short.csv", b"a,b\n1,2\n3\n");
    let error = csv(&short.0, CsvOptions::default()).expect_err("one field").to_string();
    assert!(error.ends_with("short.csv:3: 1 fields, but the first line has 2"), "{error}");
    let error = csv("/no/such/file.csv", CsvOptions::default()).expect_err("no file").to_string();
    assert!(error.starts_with("cannot read `/no/such/file.csv`: "), "{error}");
}

fn npy_bytes(header: &str, elements: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(elements);
    bytes
}

fn parse_npy(header: &str, elements: &[u8]) -> Result<Column> {
    npy::parse(Path::new("a.npy"), &mut &npy_bytes(header, elements)[..])
}

#[test]
fn npy_files_are_read_in_every_order_and_type() {
    let floats: Vec<u8> = [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0].iter().flat_map(|number| number.to_le_bytes()).collect();
    let rows = parse_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }  \n", &floats).expect("rows");
    assert_eq!(rows, Column::from(array![[1.0_f32, 2.0, 3.0], [4.0, 5.0, 6.0]]));
    let columns = parse_npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", &floats).expect("columns");
    assert_eq!(columns, Column::from(array![[1.0_f32, 3.0, 5.0], [2.0, 4.0, 6.0]]));
    let big: Vec<u8> = [-2_i64, 7].iter().flat_map(|number| number.to_be_bytes()).collect();
    let integers = parse_npy("{'descr': '>i8', 'fortran_order': False, 'shape': (2,), }", &big).expect("integers");
    assert_eq!(integers, Column::from(vec![-2, 7]));
    let scalar = parse_npy("{'descr': '|u1', 'fortran_order': False, 'shape': (), }", &[200]).expect("scalar");
    assert_eq!(scalar.to_real().sum(), 200.0);
}

#[test]
fn npy_headers_are_not_trusted() {
    let refused = |header: &str, elements: &[u8]| parse_npy(header, elements).expect_err("refused").to_string();
    let huge = "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4611686018427387904), }";
    assert!(refused(huge, &[]).contains("larger than memory"));
    let long = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000, 1000), }";
    assert!(refused(long, &[0; 8]).contains("promises 4000000000000 bytes of elements"));
    assert!(refused("{'descr': '<U7', 'fortran_order': False, 'shape': (1,), }", &[]).contains("elements of type `<U7`"));
    assert!(refused("{'descr': '<f4', 'shape': (1,), }", &[0; 4]).contains("`fortran_order`"));
    assert!(refused("{'descr': 'é', 'fortran_order': False, 'shape': (1,)}", &[]).contains("elements of type"));
    let big = refused("{'descr': '<u4', 'fortran_order': False, 'shape': (1,), }", &[0xff; 4]);
    assert!(big.contains("4294967295 does not fit into 32 bits"), "{big}");
    for cut in 0..60 {
        let whole = npy_bytes("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", &[0; 4]);
        assert!(npy::parse(Path::new("a.npy"), &mut &whole[..cut]).is_err());
    }
}

#[test]
fn npz_archives_are_read_by_name() {
    let mut bytes = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut bytes);
    let array = |element| npy_bytes("{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }", &[element]);
    for (name, array, method) in
        [("x.npy", array(3), CompressionMethod::STORE), ("labels.npy", array(5), CompressionMethod::DEFLATE)]
    {
        let (mut entry, config) = archive.new_file(name).compression_method(method).start().expect("an entry");
        let descriptor = if method == CompressionMethod::STORE {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(&array).expect("bytes");
            writer.finish().expect("stored").1
        } else {
            let mut writer = config.wrap(flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::fast()));
            writer.write_all(&array).expect("bytes");
            let (encoder, descriptor) = writer.finish().expect("all bytes");
            encoder.finish().expect("compressed");
            descriptor
        };
        entry.finish(descriptor).expect("the entry");
    }
    archive.finish().expect("an archive");
    let file = Scratch::new("arrays.npz", &bytes);
    let arrays = npz(&file.0).expect("two arrays");
    assert_eq!(arrays.keys().collect::<Vec<_>>(), ["labels", "x"]);
    assert_eq!(arrays["x"], Column::from(vec![3]));
    let stored = array(3);
    let start = bytes.windows(stored.len()).position(|window| window == stored).expect("what is stored");
    bytes[start + stored.len() - 1] = 4;
    let changed = Scratch::new("changed.npz", &bytes);
    assert!(npz(&changed.0).is_err(), "its checksum is another");
    let text = Scratch::new("text.npz", b"no archive");
    assert!(npz(&text.0).expect_err("text").to_string().contains("not an archive of NumPy"));
}

#[test]
fn idx_files_are_read_also_compressed() {
    let images = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 64, 128, 255];
    let expected = Column::from(array![[[0.0_f32, 64.0], [128.0, 255.0]]]);
    assert_eq!(idx::parse(Path::new("a"), &mut &images[..]).expect("images"), expected);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&images).expect("bytes");
    let file = Scratch::new("images.gz", &encoder.finish().expect("gzip"));
    assert_eq!(idx(&file.0).expect("images"), expected);
    let labels = [0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9];
    assert_eq!(idx::parse(Path::new("a"), &mut &labels[..]).expect("labels"), Column::from(vec![7, 0, 9]));
    let lying = [0, 0, 0x0d, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    assert!(idx::parse(Path::new("a"), &mut &lying[..]).expect_err("lying").to_string().contains("larger than memory"));
    assert!((0..11).all(|cut| idx::parse(Path::new("a"), &mut &labels[..cut]).is_err()));
    assert!(idx::parse(Path::new("a"), &mut &b"text"[..]).expect_err("text").to_string().contains("not an IDX file"));
}
