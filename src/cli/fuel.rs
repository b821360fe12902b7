//! What limits of fuel are in processor time on this machine, for `ampoule config check`: measured when it is
//! asked, in some 100 ms.

use super::bench::on_a_worker;
use crate::images;
use ampoule_bench::{FuelRate, fuel_rates};
use ampoule_config::Config;
use ampoule_engine::Engine;
use ampoule_model::{Language, Limits};
use ampoule_service::{Images, Service, ServiceConfig};
use std::convert::Infallible;
use std::path::Path;

/// Lines for people, each a comment of TOML.
pub(super) fn lines(config: &Config, limits: &Limits) -> String {
    match measure(&config.images) {
        Ok(rates) => told(&rates, limits),
        Err(reason) => {
            format!("# What fuel is in processor time was not measured: {}.\n", reason.replace('\n', " "))
        }
    }
}

/// Short programs, with the limits of a server out of the box: the ones asked about may be too small for
/// them.
fn measure(folder: &Path) -> Result<Vec<FuelRate>, String> {
    let built = images::built(folder).map_err(|error| error.message)?;
    let names: Vec<String> = Language::ALL.map(|language| language.name().to_owned()).into();
    let names: Vec<String> = names.into_iter().filter(|name| built.contains(name)).collect();
    if names.is_empty() {
        return Err(format!("there are no images in {}", folder.display()));
    }
    let config = ServiceConfig::default();
    let engine = Engine::new(config.engine.clone()).map_err(|error| error.to_string())?;
    let images = Images::load(&engine, folder, &names).map_err(|error| error.to_string())?;
    let service = Service::new(config, engine, images);
    let rates = on_a_worker(async move { Ok::<_, Infallible>(fuel_rates(&service).await) });
    let rates = rates.map_err(|error| error.message)?;
    if rates.is_empty() { Err("no program ran".into()) } else { Ok(rates) }
}

fn told(rates: &[FuelRate], limits: &Limits) -> String {
    let of = |language: Language| {
        let kinds = rates.iter().filter(|rate| rate.language == language);
        let kinds: Vec<_> = kinds.map(|rate| format!("{} {:.1}", rate.kind, rate.per_nanosecond)).collect();
        (!kinds.is_empty()).then(|| format!("{}: {}", language.name(), kinds.join(", ")))
    };
    let languages: Vec<_> = Language::ALL.into_iter().filter_map(of).collect();
    let all = || rates.iter().map(|rate| rate.per_nanosecond);
    let seconds = |rate: f64| limits.fuel as f64 / rate / 1e9;
    let shortest = seconds(all().fold(0.0, f64::max));
    let longest = seconds(all().fold(f64::MAX, f64::min));
    let mut text = format!(
        "# Units of fuel in a nanosecond of processor time here: {}.\n\
         # limits.fuel of {} is {} to {} of processor time; limits.wall_time is {:?}, limits.cpu_time {:?}.\n",
        languages.join("; "),
        limits.fuel,
        human(shortest),
        human(longest),
        limits.wall_time,
        limits.cpu_time
    );
    let time = limits.wall_time.min(limits.cpu_time).as_secs_f64();
    if longest < time {
        text.push_str("# Programs that compute all the time end by their fuel before their time is over.\n");
    } else if shortest < time {
        text.push_str("# Some programs that compute all the time end by their fuel before their time is over, others by their time.\n");
    }
    text
}

fn human(seconds: f64) -> String {
    match seconds {
        ..0.1 => format!("{:.1} ms", seconds * 1e3),
        ..10.0 => format!("{seconds:.1} s"),
        ..120.0 => format!("{seconds:.0} s"),
        ..7200.0 => format!("{:.1} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn rate(kind: &'static str, language: Language, per_nanosecond: f64) -> FuelRate {
        FuelRate { kind, language, per_nanosecond }
    }

    #[test]
    fn fuel_is_told_in_time_and_what_ends_first() {
        let rates = [
            rate("loops", Language::Python, 4.0),
            rate("NumPy", Language::Python, 20.0),
            rate("loops", Language::Javascript, 8.0),
        ];
        let limits = |fuel| Limits {
            fuel,
            wall_time: Duration::from_secs(10),
            cpu_time: Duration::from_secs(60),
            ..Limits::default()
        };
        let rates_line = "# Units of fuel in a nanosecond of processor time here: python: loops 4.0, NumPy 20.0; javascript: loops 8.0.\n";
        let cases = [
            (1_000_000_000_000, "50 s to 4.2 min", ""),
            (
                100_000_000_000,
                "5.0 s to 25 s",
                "# Some programs that compute all the time end by their fuel before their time is over, others by their time.\n",
            ),
            (
                1_000_000_000,
                "50.0 ms to 0.2 s",
                "# Programs that compute all the time end by their fuel before their time is over.\n",
            ),
        ];
        for (fuel, span, more) in cases {
            let expected = format!(
                "{rates_line}# limits.fuel of {fuel} is {span} of processor time; limits.wall_time is 10s, limits.cpu_time 60s.\n{more}"
            );
            assert_eq!(told(&rates, &limits(fuel)), expected);
        }
    }
}
