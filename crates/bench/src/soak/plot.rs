//! The picture of a soak: resident and private memory over time, as SVG.

use super::memory::{Memory, Sample};
use std::fmt::Write;

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 320.0;
/// Around the plot: left, right, top, bottom.
const MARGIN: [f64; 4] = [64.0, 16.0, 40.0, 44.0];

/// Resident and private memory.
const COLOURS: [(&str, &str); 2] = [("resident", "#1f5fa8"), ("private", "#b3541e")];

pub(crate) fn svg(memory: &Memory, executions: usize) -> String {
    let samples = &memory.samples;
    let seconds = samples.last().map_or(1.0, |sample| sample.after.as_secs_f64()).max(1.0);
    let peak = samples.iter().map(|sample| sample.resident.max(sample.private)).max().unwrap_or(1);
    let step = round_step(peak as f64 / f64::from(1 << 20) / 5.0);
    let most = step * (peak as f64 / f64::from(1 << 20) / step).ceil();
    let (wide, high) = (WIDTH - MARGIN[0] - MARGIN[1], HEIGHT - MARGIN[2] - MARGIN[3]);
    let x = |second: f64| MARGIN[0] + wide * second / seconds;
    let y = |mib: f64| MARGIN[2] + high * (1.0 - mib / most);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
         <text x=\"{}\" y=\"20\" font-size=\"14\">Memory of the server over {executions} executions</text>\n",
        MARGIN[0]
    );
    let mut line = 0.0;
    while line <= most {
        let at = y(line);
        let _ = writeln!(
            svg,
            "<path d=\"M{} {at:.1}H{}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{line:.0} MiB</text>",
            MARGIN[0],
            WIDTH - MARGIN[1],
            MARGIN[0] - 6.0,
            at + 4.0
        );
        line += step;
    }
    let step = round_step(seconds / 6.0);
    let mut second = 0.0;
    while second <= seconds {
        let at = x(second);
        let _ = writeln!(
            svg,
            "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{second:.0} s</text>",
            HEIGHT - MARGIN[3] + 18.0
        );
        second += step;
    }
    let values: [fn(&Sample) -> u64; 2] = [|sample| sample.resident, |sample| sample.private];
    for (index, ((name, colour), value)) in COLOURS.iter().zip(values).enumerate() {
        let points: Vec<String> = samples
            .iter()
            .map(|sample| {
                let mib = value(sample) as f64 / f64::from(1 << 20);
                format!("{:.1},{:.1}", x(sample.after.as_secs_f64()), y(mib))
            })
            .collect();
        let left = MARGIN[0] + 110.0 * index as f64;
        let _ = writeln!(
            svg,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\" points=\"{}\"/>\n\
             <text x=\"{left}\" y=\"{}\" fill=\"{colour}\">{name}</text>",
            points.join(" "),
            HEIGHT - 8.0
        );
    }
    svg + "</svg>\n"
}

/// The next of 1, 2, 5, 10, 20 …
fn round_step(at_least: f64) -> f64 {
    let power = 10f64.powf(at_least.max(1.0).log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|step| step * power)
        .find(|step| *step >= at_least)
        .unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_numbers_that_people_read() {
        for (at_least, step) in
            [(0.3, 1.0), (1.2, 2.0), (3.0, 5.0), (7.0, 10.0), (33.0, 50.0), (100.0, 100.0)]
        {
            assert_eq!(round_step(at_least), step, "{at_least}");
        }
    }
}
