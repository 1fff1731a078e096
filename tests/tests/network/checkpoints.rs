//! Networks in files, and files of other networks.

use chainrule::network::AsNetwork;
use chainrule::prelude::*;
use std::path::PathBuf;

#[network(
    input  x: [B, 3];
    target t: [B, 2];
    loss = mse(relu(x |> hidden) @ w, t);
)]
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    #[init(orthogonal)]
    pub w: [[f32; 2]; 4],
    pub hidden: Dense<3, 4>,
}

/// Another width, another name, no `w`.
#[network(
    input  x: [B, 3];
    target t: [B, 2];
    loss = mse(relu(x |> hidden) |> last, t);
)]
#[derive(Clone, Debug, PartialEq)]
pub struct Other {
    pub hidden: Dense<3, 5>,
    pub last: Dense<5, 2>,
}

/// The same as [`Saved`] in double precision.
#[network(
    input  x: [B, 3];
    target t: [B, 2];
    loss = mse(relu(x |> hidden) @ w, t);
)]
pub struct Double {
    pub w: [[f64; 2]; 4],
    pub hidden: Dense<3, 4, f64>,
}

fn place(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("net.safetensors")
}

#[test]
fn what_is_saved_is_loaded() -> chainrule::Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let net = Saved::init(9);
    net.save(place(&folder))?;
    assert_eq!(Saved::load(place(&folder))?, net);
    let mut other = Saved::init(10);
    assert_ne!(other, net);
    chainrule::checkpoint::load(&mut other, place(&folder))?;
    assert_eq!(other, net);
    Ok(())
}

#[test]
fn the_file_of_another_network_is_refused_and_changes_nothing() -> chainrule::Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    Other::init(9).save(place(&folder))?;
    let mut net = Saved::init(10);
    let before = net.clone();
    let error = chainrule::checkpoint::load(&mut net, place(&folder)).expect_err("another network").to_string();
    for part in [
        "does not fit the network Saved; nothing was loaded",
        "`w` [4, 2] is missing",
        "`hidden.w` must have the shape [3, 4], but has [3, 5]",
        "`hidden.b` must have the shape [4], but has [5]",
        "`last.w` is not a parameter of the network",
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
    assert_eq!(net, before);
    assert!(Saved::load(place(&folder)).is_err());
    let error = Double::load({
        net.save(place(&folder))?;
        place(&folder)
    });
    let error = error.err().expect("other floats").to_string();
    assert!(error.contains("`w` must hold F64, but holds F32"), "{error}");
    Ok(())
}

#[test]
fn missing_and_broken_files_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = Saved::load(folder.path().join("none.safetensors")).expect_err("no file").to_string();
    assert!(missing.starts_with("cannot read") && missing.contains("none.safetensors"), "{missing}");
    std::fs::write(place(&folder), "no tensors").expect("a file");
    let broken = Saved::load(place(&folder)).expect_err("no tensors").to_string();
    assert!(broken.contains("net.safetensors: not a safetensors file"), "{broken}");
}

/// A step of every optimizer on the network itself and on a box with one.
fn steps<N: AsNetwork>(mut net: N, gradient: &N::Network, optimizer: &mut impl Optimizer) -> N
where
    N::Network: AsNetwork<Network = N::Network>,
{
    optimizer.step(&mut net, gradient);
    optimizer.step(&mut net, gradient);
    net
}

#[test]
fn networks_and_boxes_are_the_same_to_optimizers_and_trainers() -> chainrule::Result<()> {
    let (boxed, gradient) = (Saved::init(3), Saved::init(4));
    let plain: Saved = (*boxed).clone();
    assert_eq!(*steps(boxed.clone(), &gradient, &mut Sgd::new(0.1)), steps(plain.clone(), &gradient, &mut Sgd::new(0.1)));
    assert_eq!(*steps(boxed.clone(), &gradient, &mut Adam::new(0.1)), steps(plain.clone(), &gradient, &mut Adam::new(0.1)));
    assert_ne!(*boxed, steps(plain.clone(), &gradient, &mut RmsProp::default()));
    let data = Dataset::new(ndarray::Array2::<f32>::ones((10, 3)), ndarray::Array2::<f32>::ones((10, 2)))?;
    let (mut left, mut right) = (boxed.clone(), plain);
    Trainer::new(Adam::new(0.1)).epochs(2).quiet().fit(&mut left, &data)?;
    Trainer::new(Adam::new(0.1)).epochs(2).quiet().fit(&mut right, &data)?;
    assert_eq!(*left, right);
    assert_ne!(left, boxed);
    Ok(())
}
