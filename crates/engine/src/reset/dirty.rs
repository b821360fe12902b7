//! Which pages of a guest's memory were written to: Linux's page map tells (`PAGEMAP_SCAN`, 6.7 and later).
//!
//! A page that a guest has never written to is the image's file, or the kernel's page of zeros; one that it
//! has written to is a copy of its own, which is neither. That holds whether the copy is present, is being
//! moved, or was swapped out.

use rustix::ioctl::{Ioctl, IoctlOutput, Opcode, ioctl, opcode};
use std::ffi::c_void;
use std::fs::File;
use std::ops::Range;
use std::sync::LazyLock;

/// Categories of a page, as Linux numbers them (`linux/fs.h`).
const WRITTEN: u64 = 1 << 1;
const FILE: u64 = 1 << 2;
const PRESENT: u64 = 1 << 3;
const SWAPPED: u64 = 1 << 4;
const ZERO: u64 = 1 << 5;

/// Stretches that one call tells of: guests that compute for long have dirtied some hundred (the pandas
/// pipeline 227).
const AT_ONCE: usize = 512;

static PAGE_MAP: LazyLock<Option<File>> = LazyLock::new(|| File::open("/proc/self/pagemap").ok());

/// `struct pm_scan_arg`.
#[repr(C)]
#[derive(Default)]
struct Scan {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    regions: u64,
    regions_length: u64,
    max_pages: u64,
    category_inverted: u64,
    category_mask: u64,
    category_anyof_mask: u64,
    return_mask: u64,
}

// SAFETY: the number is that of `PAGEMAP_SCAN`, which reads and writes a `struct pm_scan_arg`: the layout of
// `Scan`, whose size is a part of the number.
unsafe impl Ioctl for &mut Scan {
    /// How many regions were told of.
    type Output = usize;

    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        opcode::read_write::<Scan>(b'f', 16)
    }

    fn as_ptr(&mut self) -> *mut c_void {
        (&raw mut **self).cast()
    }

    unsafe fn output_from_ptr(count: IoctlOutput, _: *mut c_void) -> rustix::io::Result<usize> {
        usize::try_from(count).map_err(|_| rustix::io::Errno::INVAL)
    }
}

/// `struct page_region`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Region {
    start: u64,
    end: u64,
    categories: u64,
}

/// The written stretches of `memory`, in bytes from its start, ascending; `None` if the kernel does not tell.
pub(crate) fn dirty(memory: &[u8]) -> Option<Vec<Range<usize>>> {
    let base = memory.as_ptr() as u64;
    let end = base + memory.len() as u64;
    let mut found = Vec::new();
    let mut regions = vec![Region::default(); AT_ONCE];
    let mut at = base;
    while at < end {
        let (count, walked) = scan(at..end, &mut regions)?;
        for region in regions.get(..count)? {
            found.push((region.start - base) as usize..(region.end - base) as usize);
        }
        // It never goes back; should it not go on, there is no telling what lies behind.
        at = (walked > at).then_some(walked)?;
    }
    Some(found)
}

/// Whether there are more written stretches than so many, which is at most 32; `false` if the kernel does not
/// tell. The scan ends where they are more.
pub(crate) fn has_more_stretches_than(number: usize, memory: &[u8]) -> bool {
    let base = memory.as_ptr() as u64;
    let mut regions = [Region::default(); 33];
    let Some(regions) = regions.get_mut(..=number) else { return false };
    scan(base..base + memory.len() as u64, regions).is_some_and(|(count, _)| count > number)
}

/// Tells `regions` of the written stretches in a range of addresses: how many it filled, and where it
/// stopped.
fn scan(range: Range<u64>, regions: &mut [Region]) -> Option<(usize, u64)> {
    let page_map = PAGE_MAP.as_ref()?;
    let mut scan = Scan {
        size: size_of::<Scan>() as u64,
        start: range.start,
        end: range.end,
        regions: regions.as_mut_ptr() as u64,
        regions_length: regions.len() as u64,
        category_inverted: FILE | ZERO,
        category_mask: WRITTEN | FILE | ZERO,
        category_anyof_mask: PRESENT | SWAPPED,
        ..Scan::default()
    };
    // SAFETY: beside `scan` the call writes to as many regions as it is told there are, and they live until
    // it returns.
    let count = unsafe { ioctl(page_map, &mut scan) }.ok()?;
    Some((count, scan.walk_end))
}

/// Whether the kernel tells which pages were written to.
pub fn knows_dirty_pages() -> bool {
    wasmtime::PoolingAllocationConfig::is_pagemap_scan_available()
}

/// Bytes of `memory` that were written to; `None` if the kernel does not tell.
pub(crate) fn dirty_bytes(memory: &[u8]) -> Option<u64> {
    Some(dirty(memory)?.iter().map(|stretch| stretch.len() as u64).sum())
}

#[cfg(test)]
mod tests {
    use super::{AT_ONCE, dirty, has_more_stretches_than};
    use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
    use std::io::Write;
    use std::{ptr, slice};

    const PAGE: usize = 4096;

    /// Far more stretches than one call tells of, in a file that is mapped as an image is.
    #[test]
    fn written_pages_are_told_and_those_that_were_read_are_not() {
        let pages = 8 * AT_ONCE;
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&vec![7; pages * PAGE]).unwrap();
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: new memory, of which nobody else knows; nobody changes the file.
        let memory = unsafe {
            let memory =
                mmap(ptr::null_mut(), pages * PAGE, protection, MapFlags::PRIVATE, &file, 0).unwrap();
            slice::from_raw_parts_mut(memory.cast::<u8>(), pages * PAGE)
        };
        let Some(none) = dirty(memory) else {
            ampoule_testing::cannot_run(
                "the kernel does not tell which pages were written to (Linux 6.7 does)",
            );
            return;
        };
        assert!(none.is_empty());
        assert!(memory.iter().all(|byte| *byte == 7));
        assert!(dirty(memory).unwrap().is_empty(), "reading is not writing");
        // Every fourth page and the one behind it, with the value that it had, too.
        let written: Vec<_> = (0..pages - 1).step_by(4).map(|page| page * PAGE..(page + 2) * PAGE).collect();
        for stretch in &written {
            memory[stretch.start] = 7;
            memory[stretch.end - 1] = 8;
        }
        assert!(written.len() > AT_ONCE);
        assert_eq!(dirty(memory).unwrap(), written);
        let some = &memory[..7 * 4 * PAGE];
        assert!(has_more_stretches_than(6, some) && !has_more_stretches_than(7, some));
        assert!(has_more_stretches_than(32, memory));
        // SAFETY: nobody uses it from here on.
        unsafe { munmap(memory.as_mut_ptr().cast(), pages * PAGE) }.unwrap();
    }
}
