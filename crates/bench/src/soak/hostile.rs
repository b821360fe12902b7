//! Programs that mean harm, each with how it must end under the hostile tenant's limits.

use ampoule_api::v1::Status;
use ampoule_model::Language;

/// A program without an input.
pub(crate) struct Hostile {
    pub(crate) language: Language,
    pub(crate) source: &'static str,
    /// Where more than one is right, it is a matter of which limit is reached first.
    pub(crate) ends: &'static [Status],
}

impl Hostile {
    /// Whether it may end like this. There are so many of them that they starve each other within their
    /// tenant's share, in which those that computed little go first: then their time is over before they get
    /// to what they are after.
    pub(crate) fn may_end(&self, status: Status) -> bool {
        self.ends.contains(&status) || status == Status::TimedOut
    }
}

/// What a program ends in that would compute for ever.
const ENDLESS: &[Status] = &[Status::FuelExhausted, Status::TimedOut];

const fn python(source: &'static str, ends: &'static [Status]) -> Hostile {
    Hostile { language: Language::Python, source, ends }
}

const fn javascript(source: &'static str, ends: &'static [Status]) -> Hostile {
    Hostile { language: Language::Javascript, source, ends }
}

pub(crate) const PROGRAMS: [Hostile; 20] = [
    python("def main():\n    while True:\n        pass\n", ENDLESS),
    python(
        "def main():\n    kept = []\n    while True:\n        kept.append(bytearray(b'x' * (1 << 20)))\n",
        &[Status::OutOfMemory],
    ),
    python("def main():\n    while True:\n        print('flood ' * 200)\n", &[Status::OutputLimit]),
    python(
        "def main():\n    def deeper(n):\n        return deeper(n + 1)\n    return deeper(0)\n",
        &[Status::Raised, Status::FuelExhausted],
    ),
    python("import time\ndef main():\n    time.sleep(50)\n", &[Status::TimedOut]),
    python("def main():\n    return 'x' * (2 << 20)\n", &[Status::OutputLimit, Status::FuelExhausted]),
    python("import re\ndef main():\n    return bool(re.match('(a|aa)+$', 'a' * 60 + 'b'))\n", ENDLESS),
    python("import sys\ndef main():\n    sys.exit(3)\n", &[Status::Raised]),
    python("def main():\n    return object()\n", &[Status::InvalidResult]),
    python(
        "import os\ndef main():\n    os.makedirs('out', exist_ok=True)\n    for n in range(40):\n        \
         open(f'out/{n}', 'w').write('x' * (1 << 16))\n",
        &[Status::OutputLimit],
    ),
    python("def main():\n    return len(str([[]] * (1 << 28)))\n", &[Status::OutOfMemory]),
    python("def main(:\n", &[Status::Raised]),
    javascript("function main() { for (;;) {} }", ENDLESS),
    javascript(
        "function main() { const kept = []; for (;;) kept.push(new Uint8Array(1 << 20).fill(1)); }",
        &[Status::OutOfMemory],
    ),
    javascript("function main() { for (;;) console.log('flood '.repeat(200)); }", &[Status::OutputLimit]),
    javascript(
        "function main() { const deeper = (n) => deeper(n + 1) + 1; return deeper(0); }",
        &[Status::Raised, Status::FuelExhausted],
    ),
    javascript("async function main() { for (;;) await null; }", ENDLESS),
    javascript(
        "function main() { return 'x'.repeat(2 << 20); }",
        &[Status::OutputLimit, Status::FuelExhausted],
    ),
    javascript("function main() { return /(a|aa)+$/.test('a'.repeat(60) + 'b'); }", ENDLESS),
    javascript("function main() { throw { toString() { throw 1; } }; }", &[Status::Raised]),
];
