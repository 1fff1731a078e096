//! Random programs with derivatives in them.

/// The program with derivatives in its loss: gradients for what it was given, products with the Hessian, and of each one more: a
/// Hessian, its diagonal or its blocks, a Jacobian, a product with one or with a Gauss-Newton matrix. `compiles` says whether a text
/// is a program: what the function does not depend on has no derivative.
pub fn of_second_order(text: &str, compiles: impl Fn(&str) -> bool) -> Option<String> {
    let given = |line: &&str| line.trim_start().starts_with("param ") || line.trim_start().starts_with("input ");
    let declared: Vec<(&str, &str)> = text
        .lines()
        .filter(given)
        .filter(|line| !line.contains(" in 0.."))
        .filter_map(|line| line.trim_start().split_once(' ')?.1.split_once(": "))
        .collect();
    let (before, loss) = text.split_once("    loss = ")?;
    let last = loss.rsplit_once("sin(")?.1.split(' ').next()?;
    let function = format!("{before}    f = {loss}");
    let function = function.trim_end().trim_end_matches('}');
    let mut lines = String::new();
    let mut terms = vec!["f".to_owned()];
    for (number, (name, shape)) in declared.into_iter().enumerate() {
        let alone = |value: &str| format!("{function}    g = {value};\n    loss = f;\n}}\n");
        if !compiles(&alone(&format!("grad(f, {name})"))) {
            continue;
        }
        lines += &format!("    g_{name} = grad(f, {name});\n    v_{name} = jvp(g_{name}, {name}, {name});\n");
        terms.push(format!("0.1 * sum(sin(g_{name})) + 0.01 * sum(tanh(v_{name}))"));
        // Large ones would take long.
        let small = shape.matches(',').count() < 2 && !shape.contains('B');
        let axes = if shape.starts_with("[]") { 0 } else { shape.matches(',').count() + 1 };
        let one_more = match (number + text.len()) % 5 {
            0 if small => format!("hessian(f, {name})"),
            1 if small => format!("jacobian({last}, {name})"),
            2 if small && axes > 0 && text.len().is_multiple_of(2) => format!("hessian_blocks(f, {name})"),
            2 if small => format!("hessian_diagonal(f, {name})"),
            3 => format!("gauss_newton_vector(f, {last}, {name}, {name})"),
            _ => format!("vjp({last}, {name}, {last})"),
        };
        if compiles(&alone(&one_more)) {
            lines += &format!("    k_{name} = {one_more};\n");
            terms.push(format!("0.01 * sum(tanh(k_{name}))"));
        }
    }
    (terms.len() > 1).then(|| format!("{function}{lines}    loss = {};\n}}\n", terms.join(" + ")))
}
