//! Python packages: `pip download` for wheels; for sdists pip's own index client without its build.

use super::client::{Answer, Refusal, left, run};
use crate::recipe::Source;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Fetches one named file with pip's finder and session, so that pip's configuration (index, proxy,
/// certificates) holds. `pip download` would run an sdist's build to learn its metadata: other people's code,
/// and hours of it.
const FETCH_SDIST: &str = "
import sys
from pip._internal.commands.download import DownloadCommand
package, file, folder = sys.argv[1:]
command = DownloadCommand('download', 'fetches one file')
options, _ = command.parse_args(['--no-deps', '--no-binary=:all:', '--disable-pip-version-check', package])
with command.main_context():
    session = command.get_default_session(options)
    finder = command._build_package_finder(options=options, session=session, ignore_requires_python=True)
    links = [found.link for found in finder.find_all_candidates(package)]
    wanted = [link for link in links if link.filename == file]
    if not wanted:
        sys.exit(f'the index has no {file}')
    answer = session.get(wanted[0].url_without_fragment, headers={'Accept-Encoding': 'identity'}, stream=True)
    answer.raise_for_status()
    with open(f'{folder}/{file}', 'wb') as target:
        for chunk in answer.iter_content(1 << 20):
            target.write(chunk)
";

pub(super) fn fetch(source: &Source, folder: &Path) -> Answer<PathBuf> {
    let mut python = Command::new("python3");
    python.current_dir(folder);
    match source.file.strip_suffix(".whl") {
        Some(wheel) => {
            python.args(["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]);
            python.args(["--disable-pip-version-check", "--no-input", "--quiet", "--ignore-requires-python"]);
            python.args(compatibility(wheel)?).arg("--dest").arg(folder);
            python.arg(format!("{}=={}", source.package, source.version));
        }
        None => {
            python.args(["-c", FETCH_SDIST, &source.package, &source.file]).arg(folder);
        }
    }
    run(&mut python)?;
    left(folder, &source.file)
}

/// pip's options that select exactly the wheel of this name (`name-version[-build]-python-abi-platform`),
/// whatever machine and Python this runs on.
fn compatibility(wheel: &str) -> Answer<Vec<String>> {
    let parts: Vec<&str> = wheel.split('-').collect();
    let [.., python, abi, platform] = parts[..] else {
        return Err(Refusal::finally(format!("{wheel}.whl is not a wheel's name")));
    };
    // The last tag is the newest: `py2.py3` is fetched as `py3`.
    let python = python.rsplit('.').next().unwrap_or(python);
    let digits = python.find(|character: char| character.is_ascii_digit()).unwrap_or(python.len());
    let (implementation, version) = python.split_at(digits);
    let mut options =
        vec![format!("--implementation={implementation}"), format!("--python-version={version}")];
    options.extend(abi.split('.').map(|abi| format!("--abi={abi}")));
    options.extend(platform.split('.').map(|platform| format!("--platform={platform}")));
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::compatibility;

    #[test]
    fn a_wheels_name_says_what_to_ask_pip_for() {
        let options = |wheel| compatibility(wheel).expect("it is a wheel's name").join(" ");
        assert_eq!(
            options("ziglang-0.17.0-py3-none-manylinux_2_12_x86_64.manylinux2010_x86_64"),
            "--implementation=py --python-version=3 --abi=none --platform=manylinux_2_12_x86_64 --platform=manylinux2010_x86_64"
        );
        assert_eq!(
            options("tzdata-2026.6-py2.py3-none-any"),
            "--implementation=py --python-version=3 --abi=none --platform=any"
        );
        assert_eq!(
            options("numpy-2.5.0-1-cp313-cp313-win_amd64"),
            "--implementation=cp --python-version=313 --abi=cp313 --platform=win_amd64"
        );
    }
}
