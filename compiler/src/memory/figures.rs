//! How much memory a workspace takes, in bytes where its sizes are given.

use super::Sizes;
use super::workspace::{Packed, Piece, Workspace, largest};
use crate::ir::{Extent, Precision};
use chainrule_math::memory::{buffer_bytes, contraction_packing_len, packing_len};

/// A buffer that is allocated.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What it is called: `slot 3`, `output p`.
    pub name: String,
    /// What lives in it.
    pub tenants: Vec<String>,
    /// How many numbers it holds: a number, or the largest of some extents.
    pub length: String,
    /// What it takes, where that is a number.
    pub bytes: Option<usize>,
}

/// All that is allocated for a workspace.
#[derive(Clone, Debug)]
pub struct Figures {
    /// The buffers; the last is that for packing, if a matrix product needs any.
    pub buffers: Vec<Figure>,
    /// What they take together, as text with the unit.
    pub total: String,
    /// What they take together, where that is a number.
    pub bytes: Option<usize>,
}

impl Figures {
    /// The figures of a workspace. An error says that no machine has so much memory.
    pub fn of(workspace: &Workspace, sizes: &Sizes<'_>, precision: Precision) -> Result<Self, String> {
        let element = precision.bytes();
        let mut buffers = Vec::new();
        for (name, piece) in named(workspace) {
            let length = sizes.length(&piece.lengths)?;
            let shown = sizes.lengths(&piece.lengths);
            buffers.push(Figure { name, tenants: piece.tenants.clone(), length: shown, bytes: bytes(length, element)? });
        }
        let packing = packing(&workspace.products, sizes)?;
        if let Some((length, shown)) = packing {
            let tenants = vec!["copies of matrices within a product".to_owned()];
            buffers.push(Figure { name: "packing".into(), tenants, length: shown, bytes: bytes(length, element)? });
        }
        let all: Option<Vec<usize>> = buffers.iter().map(|figure| figure.bytes).collect();
        let bytes = all.map(|all| all.into_iter().fold(0, usize::saturating_add));
        let has_packing = buffers.last().is_some_and(|figure| figure.name == "packing");
        let total = match bytes {
            Some(bytes) => shown(bytes),
            None => format!("{} bytes", formula(workspace, sizes, element, has_packing)),
        };
        Ok(Self { buffers, total, bytes })
    }
}

/// `236544 bytes (231 KiB)`
pub fn shown(bytes: usize) -> String {
    let short = chainrule_math::memory::Bytes(bytes).to_string();
    if bytes < 1024 { short } else { format!("{bytes} bytes ({short})") }
}

/// What a buffer of this length takes.
fn bytes(length: Option<usize>, element: usize) -> Result<Option<usize>, String> {
    let Some(length) = length else { return Ok(None) };
    let taken = buffer_bytes(length, element).ok_or_else(|| format!("{length} elements are more than memory can hold"))?;
    Ok(Some(taken))
}

fn named(workspace: &Workspace) -> impl Iterator<Item = (String, &Piece)> {
    let with = |word: &'static str| move |piece: &'_ Piece| format!("{word} {}", piece.tenants.join(", "));
    let slots = workspace.slots.iter().enumerate().map(|(number, piece)| (format!("slot {number}"), piece));
    let outputs = workspace.outputs.iter().map(move |piece| (with("output")(piece), piece));
    let updates = workspace.updates.iter().map(move |piece| (with("new")(piece), piece));
    slots.chain(outputs).chain(updates)
}

/// The memory for packing, as a number where it is one and as text; `None` where no product needs any.
fn packing(products: &[Packed], sizes: &Sizes<'_>) -> Result<Option<(Option<usize>, String)>, String> {
    let (mut longest, mut open) = (0, Vec::<(&str, Vec<Extent>)>::new());
    for product in products {
        let [m, n, k] = &product.shape;
        let length = |extent: &Extent| sizes.length(std::slice::from_ref(extent));
        let (word, extents, needed) = if product.is_of_matrices {
            let needed = length(m)?.zip(length(n)?).zip(length(k)?).map(|((m, n), k)| packing_len(m, n, k));
            ("packing", vec![m, n, k], needed)
        } else {
            ("contraction", vec![m, k], length(m)?.zip(length(k)?).map(|(m, k)| contraction_packing_len(m, k)))
        };
        match needed {
            Some(needed) => longest = needed.max(longest),
            None => widest(&mut open, (word, extents.into_iter().map(|extent| sizes.fixed(extent)).collect())),
        }
    }
    if open.is_empty() {
        return Ok((longest > 0).then(|| (Some(longest), longest.to_string())));
    }
    let shown = |(word, extents): &(&str, Vec<Extent>)| {
        let extents: Vec<String> = extents.iter().map(|extent| extent.display(sizes.names)).collect();
        format!("{word}({})", extents.join(", "))
    };
    let texts: Vec<String> = (longest > 0).then(|| longest.to_string()).into_iter().chain(open.iter().map(shown)).collect();
    let text = if let [one] = texts.as_slice() { one.clone() } else { format!("max({})", texts.join(", ")) };
    Ok(Some((None, text)))
}

/// Adds a need, unless one of its kind is there that is as large along each axis: packing never shrinks when a product grows.
fn widest<'a>(needs: &mut Vec<(&'a str, Vec<Extent>)>, need: (&'a str, Vec<Extent>)) {
    let holds = |a: &(&str, Vec<Extent>), b: &(&str, Vec<Extent>)| {
        a.0 == b.0 && a.1.iter().zip(&b.1).all(|(a, b)| a.minus(b).is_at_least(0))
    };
    if !needs.iter().any(|other| holds(other, &need)) {
        needs.retain(|other| !holds(&need, other));
        needs.push(need);
    }
}

/// The sum of all lengths times the bytes of a number.
fn formula(workspace: &Workspace, sizes: &Sizes<'_>, element: usize, packing: bool) -> String {
    let (mut sum, mut rest) = (Extent::zero(), Vec::new());
    for (_, piece) in named(workspace) {
        let mut lengths = Vec::new();
        piece.lengths.iter().for_each(|length| largest(&mut lengths, &sizes.fixed(length)));
        match lengths.as_slice() {
            [one] => sum = sum.plus(one),
            _ => rest.push(format!("{element}*{}", sizes.lengths(&lengths))),
        }
    }
    rest.extend(packing.then(|| format!("{element}*packing")));
    let sum = sum.times(&Extent::constant(i64::try_from(element).unwrap_or(i64::MAX)));
    let sum = (!sum.is_zero()).then(|| sum.display(sizes.names));
    sum.into_iter().chain(rest).collect::<Vec<_>>().join(" + ")
}
