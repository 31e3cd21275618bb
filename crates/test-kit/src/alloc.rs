//! Counting the allocations of a piece of code.
//!
//! A test binary installs the allocator once and then asks how often a closure allocated:
//!
//! ```
//! use neuropil_test_kit::alloc::{CountingAllocator, allocations};
//!
//! #[global_allocator]
//! static ALLOCATOR: CountingAllocator = CountingAllocator;
//!
//! let (sum, count) = allocations(|| (0..10).sum::<u32>());
//! assert_eq!((sum, count), (45, 0));
//! let (_, count) = allocations(|| vec![1, 2, 3]);
//! assert_eq!(count, 1);
//! ```

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    // Per thread: tests that run side by side do not see each other's allocations.
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

fn count_one() {
    // A thread that is shutting down has no counter any more, and nobody asks for it.
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
}

/// The system's allocator with a counter per thread.
#[derive(Debug, Clone, Copy)]
pub struct CountingAllocator;

// SAFETY: every call is handed to `System` unchanged; the counter is a plain `Cell` in thread-local
// storage without destructor, so that counting cannot allocate.
#[expect(unsafe_code, reason = "a global allocator cannot be written without")]
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count_one();
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count_one();
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count_one();
        // SAFETY: the caller keeps the contract of `GlobalAlloc::realloc`.
        unsafe { System.realloc(pointer, layout, new_size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `GlobalAlloc::dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Runs `work` and counts the allocations and reallocations that this thread made in it.
///
/// # Panics
/// If [`CountingAllocator`] is not the global allocator of this binary: a count of zero would then
/// prove nothing.
pub fn allocations<R>(work: impl FnOnce() -> R) -> (R, u64) {
    let before = COUNT.get();
    drop(std::hint::black_box(Box::new(0_u8)));
    assert!(
        COUNT.get() > before,
        "CountingAllocator is not the #[global_allocator] of this test binary"
    );
    let start = COUNT.get();
    let result = work();
    (result, COUNT.get() - start)
}
