//! Parameters and states in files: safetensors, whose names are their paths. Must not know what a network computes.

use std::borrow::Cow;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

use crate::network::{AsNetwork, Network};
use crate::{Error, Float, Result, files};

/// Writes the parameters and the states of a network to a file in the [safetensors](https://huggingface.co/docs/safetensors) format, which
/// Python reads too. The names are the paths: `dense1.w`, `batch_norm1.mean`.
///
/// The file is written under another name in the same folder and then renamed, so that whatever happens there is the old file or
/// the new one.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be written.
pub fn save<N: AsNetwork>(network: &N, path: impl AsRef<Path>) -> Result<()> {
    let (path, network) = (path.as_ref(), network.network());
    let refused = |error: safetensors::SafeTensorError| Error::format(path, format!("cannot be written: {error}"));
    let bytes = little_endian(network.numbers());
    let size = size_of::<<N::Network as Network>::Scalar>();
    let mut tensors = Vec::new();
    for parameter in N::Network::DESCRIPTION.kept() {
        let data = &bytes[size * parameter.offset..][..size * parameter.len()];
        let tensor = TensorView::new(dtype::<N::Network>(), parameter.shape.to_vec(), data).map_err(refused)?;
        tensors.push((parameter.path, tensor));
    }
    files::replace(path, &serialize(tensors, None).map_err(refused)?)
}

/// Reads the parameters and the states of a network from a file that [`save`] wrote, or any other safetensors file with the same names, shapes
/// and floats.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be read, [`Error::Format`] if it is no safetensors file, [`Error::Checkpoint`], with
/// everything that is missing, superfluous or different, if it is not one of this network. The network is unchanged then.
pub fn load<N: AsNetwork>(network: &mut N, path: impl AsRef<Path>) -> Result<()> {
    let (path, network) = (path.as_ref(), network.network_mut());
    let bytes = std::fs::read(path).map_err(Error::read(path))?;
    let tensors =
        SafeTensors::deserialize(&bytes).map_err(|error| Error::format(path, format!("not a safetensors file: {error}")))?;
    let problems = misfits::<N::Network>(&tensors);
    if !problems.is_empty() {
        let network = <N::Network as Network>::DESCRIPTION.name.to_owned();
        return Err(Error::Checkpoint { path: path.to_owned(), network, problems });
    }
    let numbers = network.numbers_mut();
    for parameter in N::Network::DESCRIPTION.kept() {
        // Every name was found by `misfits`.
        if let Ok(tensor) = tensors.tensor(parameter.path) {
            read(&mut numbers[parameter.offset..][..parameter.len()], tensor.data());
        }
    }
    Ok(())
}

fn dtype<N: Network>() -> Dtype {
    if size_of::<N::Scalar>() == size_of::<f32>() { Dtype::F32 } else { Dtype::F64 }
}

/// What is missing, what differs and what is too much, in this order.
fn misfits<N: Network>(tensors: &SafeTensors<'_>) -> Vec<String> {
    let mut problems = Vec::new();
    for parameter in N::DESCRIPTION.kept() {
        let path = parameter.path;
        match tensors.tensor(path) {
            Err(_) => problems.push(format!("`{path}` {:?} is missing", parameter.shape)),
            Ok(tensor) if tensor.shape() != parameter.shape => {
                problems.push(format!("`{path}` must have the shape {:?}, but has {:?}", parameter.shape, tensor.shape()));
            }
            Ok(tensor) if tensor.dtype() != dtype::<N>() => {
                problems.push(format!("`{path}` must hold {:?}, but holds {:?}", dtype::<N>(), tensor.dtype()));
            }
            Ok(_) => {}
        }
    }
    let mut names = tensors.names();
    names.sort_unstable();
    let known = |name: &str| N::DESCRIPTION.kept().any(|parameter| parameter.path == name);
    let superfluous = names.into_iter().filter(|name| !known(name));
    problems.extend(superfluous.map(|name| format!("`{name}` is not a parameter of the network")));
    problems
}

fn little_endian<S: Float>(elements: &[S]) -> Cow<'_, [u8]> {
    if cfg!(target_endian = "little") {
        return Cow::Borrowed(bytemuck::cast_slice(elements));
    }
    let swap = |element: &S| bytemuck::bytes_of(element).iter().rev().copied().collect::<Vec<u8>>();
    Cow::Owned(elements.iter().flat_map(swap).collect())
}

/// The elements from little-endian bytes of the same length.
fn read<S: Float>(elements: &mut [S], bytes: &[u8]) {
    let own = bytemuck::cast_slice_mut::<S, u8>(elements);
    own.copy_from_slice(bytes);
    if cfg!(target_endian = "big") {
        own.chunks_exact_mut(size_of::<S>()).for_each(<[u8]>::reverse);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::{Linear, Other};

    #[test]
    fn what_is_saved_is_loaded_bit_for_bit() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("linear.safetensors");
        let mut network = Linear::<f64>::zeroed();
        network.flat_mut().iter_mut().zip(1..).for_each(|(number, position)| *number = 1.0 / f64::from(position));
        save(&network, &path).expect("saved");
        save(&network, &path).expect("replaced");
        let mut other = Linear::<f64>::zeroed();
        load(&mut other, &path).expect("loaded");
        assert_eq!(*network, *other);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_misfit_is_listed_and_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("other.safetensors");
        save(&Other::zeroed(), &path).expect("saved");
        let mut network = Linear::<f32>::zeroed();
        network.flat_mut().fill(7.0);
        let error = load(&mut network, &path).expect_err("another network").to_string();
        assert!(error.contains("does not fit the network Linear; nothing was loaded:"), "{error}");
        assert!(error.contains("\n  - `w` must have the shape [3, 2], but has [2, 2]"), "{error}");
        assert!(error.contains("\n  - `b` [2] is missing\n  - `c` is not a parameter of the network"), "{error}");
        assert!(network.flat().iter().all(|&number| number == 7.0));
        save(&Linear::<f64>::zeroed(), &path).expect("saved");
        let error = load(&mut network, &path).expect_err("f64").to_string();
        assert!(error.contains("`w` must hold F32, but holds F64"), "{error}");
    }

    #[test]
    fn other_files_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("text");
        for text in [&b""[..], b"text", &[0xff; 64], b"\x02\0\0\0\0\0\0\0{}"] {
            std::fs::write(&path, text).expect("written");
            assert!(load(&mut Linear::<f32>::zeroed(), &path).is_err());
        }
        let missing = load(&mut Linear::<f32>::zeroed(), folder.path().join("none")).expect_err("no file").to_string();
        assert!(missing.starts_with("cannot read"), "{missing}");
        let nowhere = save(&Linear::<f32>::zeroed(), folder.path().join("no/folder/file")).expect_err("no folder").to_string();
        assert!(nowhere.starts_with("cannot write"), "{nowhere}");
        assert!(save(&Linear::<f32>::zeroed(), "/").is_err());
    }
}
