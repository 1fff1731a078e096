use ndarray::{Array1, Array2, Array3};

use super::*;
use crate::network::{Axis, Description, Elements, Input};

static DESCRIPTION: Description = Description {
    name: "Tiny",
    sizes: &["B", "T"],
    inputs: &[
        Input { name: "x", axes: &[Axis::Symbol(0), Axis::Fixed(3)], target: false, range: None },
        Input { name: "tokens", axes: &[Axis::Symbol(0), Axis::Symbol(1)], target: false, range: Some((0, 5)) },
    ],
    parameters: &[],
    states: &[],
    metrics: &[],
};

fn message(run: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let payload = std::panic::catch_unwind(run).expect_err("this should have been refused");
    payload.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[test]
fn sizes_are_found_in_the_shapes() {
    let (x, tokens) = (Array2::<f32>::ones((4, 3)), Array2::<i32>::from_elem((4, 7), 4));
    let (view, reference) = (x.view(), &tokens);
    let mut arguments = Arguments::<2>::new(&DESCRIPTION);
    let Elements::Real(elements) = arguments.real(0, &view) else { panic!("real") };
    assert_eq!(elements.len(), 12);
    let Elements::<f32>::Integer(elements) = arguments.integer(1, &reference) else { panic!("integer") };
    assert_eq!(elements, [4; 28]);
    assert_eq!(arguments.sizes(), [4, 7]);
}

#[test]
fn a_misfit_names_the_input_and_both_shapes() {
    let wide =
        message(|| assert!(matches!(Arguments::<2>::new(&DESCRIPTION).real(0, &Array2::<f32>::ones((4, 2))), Elements::Real(_))));
    assert_eq!(wide, "Tiny: `x` must have the shape [B, 3], but has [4, 2]");
    let flat =
        message(|| assert!(matches!(Arguments::<2>::new(&DESCRIPTION).real(0, &Array1::<f32>::ones(3)), Elements::Real(_))));
    assert_eq!(flat, "Tiny: `x` must have the shape [B, 3], but has [3]");
    let other = message(|| {
        let mut arguments = Arguments::<2>::new(&DESCRIPTION);
        arguments.real(0, &Array2::<f32>::ones((4, 3)));
        let _: Elements<'_, f32> = arguments.integer(1, &Array2::<i32>::zeros((5, 2)));
    });
    assert_eq!(other, "Tiny: `tokens` must have the shape [B, T], but has [5, 2]; B is 4 in what came before it");
}

#[test]
fn an_integer_out_of_range_is_refused() {
    for wrong in [5, -1] {
        let text = message(move || {
            let tokens = Array2::from_shape_vec((1, 3), vec![0, 4, wrong]).expect("three");
            let _: Elements<'_, f32> = Arguments::<2>::new(&DESCRIPTION).integer(1, &tokens);
        });
        assert_eq!(text, format!("Tiny: `tokens` takes integers in 0..5, but element 2 is {wrong}"));
    }
}

#[test]
fn what_is_not_row_major_is_refused() {
    let text = message(|| {
        assert!(matches!(Arguments::<2>::new(&DESCRIPTION).real(0, &Array2::<f32>::ones((3, 4)).t()), Elements::Real(_)))
    });
    assert!(text.contains("&x.as_standard_layout()"), "{text}");
}

#[test]
fn shapes_of_many_axes_are_seen_whole() {
    assert_eq!(View::<f32>::shape(&ndarray::ArrayD::<f32>::zeros(vec![1; 20])).axes(), [1; 20]);
    assert_eq!(View::<f32>::shape(&Array3::<f32>::zeros((1, 2, 3))).axes(), [1, 2, 3]);
    assert_eq!(View::<f32>::shape(&vec![0.0_f32; 5]).axes(), [5]);
    assert_eq!(View::<f32>::shape(&&[0.0_f32; 4]).axes(), [4]);
}
