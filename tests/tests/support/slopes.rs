//! What derivatives claim, compared with central differences of what they are the derivatives of.

use crate::random::{Claim, Kind};
use crate::support::numbers::{OUTSIDE, close, same};
use chainrule_compiler::eval::{Tensor, Values, evaluate};
use chainrule_compiler::ir::{Definition, Label, Node, Program, Role, Root, Source, TensorId};
use std::collections::BTreeMap;

/// Steps of the differences: where a kink is within the first, a smaller one may still say something.
const STEPS: [f64; 3] = [1e-3, 1e-4, 1e-5];
/// How far slopes and differences may be apart.
const TOLERANCE: f64 = 1e-6;
/// So many elements of what is differentiated for are moved, spread over all of it.
const MOST_PLACES: usize = 3;

/// Checks all claims of a program with these values; texts of programs in which a definition is given become programs by `compile`.
pub fn check(
    program: &Program,
    claims: &[Claim],
    values: &Values,
    compile: &dyn Fn(&str) -> Result<Program, String>,
) -> Result<(), String> {
    let mut by_wrt: BTreeMap<(&str, Option<&str>), Vec<&Claim>> = BTreeMap::new();
    for claim in claims {
        by_wrt.entry((&claim.wrt, claim.given.as_deref())).or_default().push(claim);
    }
    let computed = evaluate(program, values).map_err(|error| error.to_string())?;
    by_wrt.into_iter().try_for_each(|((wrt, given), claims)| {
        let given = given.map(compile).transpose()?;
        Moved::new(program, given.as_ref(), values, &computed, wrt, &claims)?.check(&claims)
    })
}

/// The tensor with a name, or what is given out under it.
fn find(program: &Program, name: &str) -> Result<TensorId, String> {
    let output = |name: String| program.root(&Role::Output(name));
    let found = program.find(name).or_else(|| output(name.to_owned())).or_else(|| output(format!("o_{name}")));
    found.map(|found| original(program, found)).ok_or_else(|| format!("{name} is missing"))
}

/// What a tensor is a copy of, if it is one.
fn original(program: &Program, copy: TensorId) -> TensorId {
    let Some(Definition { reduction: None, body }) = program.definition(copy) else { return copy };
    let Node::Read(of, at) = program.expressions.node(*body) else { return copy };
    let is_whole = at.iter().zip(0..).all(|(index, axis)| index.as_label() == Some(Label(axis)));
    if is_whole && program.tensor(*of).shape == program.tensor(copy).shape { *of } else { copy }
}

/// A program in which one tensor is moved.
struct Moved<'a> {
    program: &'a Program,
    /// The program with the tensor as given.
    moved: Program,
    /// The names in it of what is differentiated.
    names: BTreeMap<&'a str, String>,
    values: &'a Values,
    computed: &'a Values,
    wrt: TensorId,
    /// What it is in the program with the tensor as given.
    within: TensorId,
    at: &'a Tensor,
}

/// An element of a derivative, which must be a sum of multiples of slopes.
struct Entry<'a> {
    claim: &'a Claim,
    found: f64,
    /// Which elements of what is differentiated, how often.
    terms: Vec<(usize, f64)>,
}

impl Entry<'_> {
    fn expected(&self, slopes: &BTreeMap<&str, Vec<f64>>) -> f64 {
        let slopes = &slopes[self.claim.of.as_str()];
        self.terms.iter().map(|&(place, factor)| factor * slopes[place]).sum()
    }
}

impl<'a> Moved<'a> {
    fn new(
        program: &'a Program,
        given: Option<&Program>,
        values: &'a Values,
        computed: &'a Values,
        wrt: &str,
        claims: &[&'a Claim],
    ) -> Result<Self, String> {
        let mut moved = given.unwrap_or(program).clone();
        let (id, within) = (find(program, wrt)?, find(&moved, wrt)?);
        if moved.definition(within).is_some() {
            moved.tensors[within.0 as usize].source = Source::Input;
        }
        let named = |claim: &&'a Claim| Ok((claim.of.as_str(), moved.tensor(find(&moved, &claim.of)?).name.clone()));
        let names = claims.iter().map(named).collect::<Result<BTreeMap<&str, String>, String>>()?;
        let tensors = names.values().filter_map(|name| moved.find(name));
        moved.roots = tensors.map(|tensor| Root { role: Role::Output(format!("{tensor:?}")), tensor }).collect();
        let name = &program.tensor(id).name;
        let at = computed.get(name).or_else(|| values.get(name)).ok_or_else(|| format!("{wrt} has no value"))?;
        let new = Self { program, moved, names, values, computed, wrt: id, within, at };
        new.is_the_same()?;
        Ok(new)
    }

    /// That the program with the tensor as given computes the same at its value.
    fn is_the_same(&self) -> Result<(), String> {
        let found = self.evaluated(self.at.clone())?;
        self.names.iter().try_for_each(|(of, name)| {
            same(&format!("{of} with {} as given", self.program.tensor(self.wrt).name), &found[name], self.value(of)?, 1e-9)
        })
    }

    /// All values with a value of the tensor.
    fn evaluated(&self, at: Tensor) -> Result<Values, String> {
        let mut values = self.values.clone();
        values.insert(self.moved.tensor(self.within).name.clone(), at);
        evaluate(&self.moved, &values).map_err(|error| error.to_string())
    }

    fn check(&self, claims: &[&Claim]) -> Result<(), String> {
        // Truth values are equal, and what takes the largest of them has a kink there.
        let is_truth = self.at.data.iter().all(|value| [0.0, 1.0].contains(value));
        if is_truth && self.program.definition(self.wrt).is_some() {
            return Ok(());
        }
        for &claim in claims {
            if let Kind::Along(vector) = &claim.kind {
                let found = self.value(&claim.result)?.data.iter().enumerate();
                let entry = |(place, &found)| Entry { claim, found, terms: vec![(place, 1.0)] };
                self.compare(&self.value(vector)?.data, found.map(entry).collect())?;
            }
        }
        let stride = self.at.data.len().div_ceil(MOST_PLACES).max(1);
        for place in (0..self.at.data.len()).step_by(stride) {
            let mut direction = vec![0.0; self.at.data.len()];
            direction[place] = 1.0;
            let mut entries = Vec::new();
            for claim in claims {
                entries.extend(self.entries(claim, place)?);
            }
            self.compare(&direction, entries)?;
        }
        Ok(())
    }

    fn value(&self, name: &str) -> Result<&'a Tensor, String> {
        let name = &self.program.tensor(find(self.program, name)?).name;
        self.computed.get(name).or_else(|| self.values.get(name)).ok_or_else(|| format!("{name} has no value"))
    }

    /// What a claim says of one element of what is differentiated for.
    fn entries<'c>(&self, claim: &'c Claim, place: usize) -> Result<Vec<Entry<'c>>, String> {
        let (result, of) = (&self.value(&claim.result)?, self.value(&claim.of)?);
        let entry = |found: usize, terms: Vec<(usize, f64)>| Entry { claim, found: result.data[found], terms };
        let count = self.at.data.len();
        Ok(match &claim.kind {
            Kind::All => (0..of.data.len()).map(|row| entry(row * count + place, vec![(row, 1.0)])).collect(),
            Kind::Diagonal(axes) => {
                let block: usize = self.at.shape[*axes..].iter().product();
                let row = |within: usize| place / block * block + within;
                (0..block).map(|within| entry(row(within) * block + place % block, vec![(row(within), 1.0)])).collect()
            }
            Kind::Times(vector) => vec![entry(place, self.value(vector)?.data.iter().copied().enumerate().collect())],
            Kind::Along(_) => Vec::new(),
        })
    }

    /// Compares elements of derivatives with differences along a direction.
    fn compare(&self, direction: &[f64], mut entries: Vec<Entry<'_>>) -> Result<(), String> {
        let mut estimates = Vec::new();
        for step in STEPS {
            let Some(first) = entries.first() else { return Ok(()) };
            let name = first.claim.result.clone();
            let slopes = self.slopes(direction, &entries, step)?;
            let agrees = |expected: f64, found: f64| expected.is_finite() && close(found, expected, TOLERANCE);
            entries.retain(|entry| !agrees(entry.expected(&slopes), entry.found));
            estimates.push((name, slopes));
        }
        let Some(entry) = entries.first() else { return Ok(()) };
        let said: Vec<f64> = estimates.iter().map(|(_, slopes)| entry.expected(slopes)).collect();
        let (result, of, place) = (&entry.claim.result, &entry.claim.of, &entry.terms[0].0);
        if !said.iter().any(|said| said.is_finite()) {
            let wrt = &entry.claim.wrt;
            return Err(format!("{result}: element {place} of {of} for {wrt} is {OUTSIDE}, differences say {said:?}"));
        }
        Err(format!(
            "{result}: element {place} of {of} for {} changes by {:?}, differences say {said:?}",
            entry.claim.wrt, entry.found
        ))
    }

    /// How fast what entries read changes along a direction, by central differences of fourth order.
    fn slopes<'e>(&self, direction: &[f64], entries: &[Entry<'e>], step: f64) -> Result<BTreeMap<&'e str, Vec<f64>>, String> {
        let at = |distance: f64| {
            let data = self.at.data.iter().zip(direction).map(|(at, direction)| at + distance * direction).collect();
            self.evaluated(Tensor { shape: self.at.shape.clone(), data })
        };
        let around = [at(-2.0 * step)?, at(-step)?, at(step)?, at(2.0 * step)?];
        let slope = |of: &'e str| {
            let [a, b, c, d] = around.each_ref().map(|values| &values[&self.names[of]].data);
            let at = |place: usize| (a[place] - 8.0 * b[place] + 8.0 * c[place] - d[place]) / (12.0 * step);
            (of, (0..a.len()).map(at).collect())
        };
        Ok(entries.iter().map(|entry| slope(&entry.claim.of)).collect())
    }
}
