//! The smallest graph with a chain rule: f = (x + y) z at (-2, 5, -4), where df/dx = df/dy = z = -4 and df/dz = x + y = 3.

use chainrule::prelude::*;

/// Three numbers and what becomes of them.
#[network(
    q = x + y;
    loss = q * z;
)]
#[derive(Clone, Debug)]
pub struct Graph {
    /// The first summand.
    pub x: f64,
    /// The second summand.
    pub y: f64,
    /// The factor.
    pub z: f64,
}

fn main() {
    let graph = Graph { x: -2.0, y: 5.0, z: -4.0 };
    let mut slopes = graph.clone();
    let value = graph.gradient(&mut Graph::workspace(), &mut slopes);
    println!("f = {value}, df/dx = {}, df/dy = {}, df/dz = {}", slopes.x, slopes.y, slopes.z);
    println!("{}", Graph::DERIVATIVES);
}
