//! Which machine instructions of an image may trap.

use std::ops::Range;
use wasmtime::Module;
use wasmtime_environ::lookup_trap_code;
use wasmtime_environ::obj::ELF_WASMTIME_TRAPS;
use wasmtime_environ::object::read::elf::ElfFile64;
use wasmtime_environ::object::{Endianness, Object, ObjectSection};

/// The table of an image's code that says so. It is read in signal handlers: looking up allocates nothing and
/// takes no lock.
pub(crate) struct TrapSites {
    /// Keeps the mapped code.
    _module: Module,
    text: Range<usize>,
    table: Range<usize>,
}

impl TrapSites {
    /// Those of a module; an error if its code does not hold the table.
    pub(crate) fn of(module: &Module) -> Result<Self, String> {
        let image = module.image_range();
        let length = image.end.addr() - image.start.addr();
        // SAFETY: the range is the module's mapped code, which stays mapped and unchanged as long as the
        // module lives; it is borrowed here no longer than this function, to which the module is lent.
        let bytes = unsafe { std::slice::from_raw_parts(image.start, length) };
        let elf = ElfFile64::<Endianness>::parse(bytes).map_err(|error| format!("its code: {error}"))?;
        let section = elf
            .section_by_name(ELF_WASMTIME_TRAPS)
            .ok_or_else(|| format!("its code lacks the section {ELF_WASMTIME_TRAPS}"))?;
        let table = section.data().map_err(|error| format!("{ELF_WASMTIME_TRAPS}: {error}"))?;
        let text = module.text().as_ptr_range();
        let table = table.as_ptr_range();
        Ok(TrapSites {
            _module: module.clone(),
            text: text.start.addr()..text.end.addr(),
            table: table.start.addr()..table.end.addr(),
        })
    }

    /// Whether wasmtime makes a trap of a fault of the instruction at this address. Others are the host's own
    /// code, or copies that the compiler has written out and knows to be within bounds.
    pub(crate) fn contains(&self, instruction: usize) -> bool {
        if !self.text.contains(&instruction) {
            return false;
        }
        // SAFETY: the range is a part of the module's mapped code, which this holds.
        let table = unsafe {
            std::slice::from_raw_parts(self.table.start as *const u8, self.table.end - self.table.start)
        };
        lookup_trap_code(table, instruction - self.text.start).is_some()
    }
}
