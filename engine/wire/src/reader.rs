//! Takes big-endian fields off the front of a slice; what they mean is the caller's matter.

/// A shrinking view: every call takes bytes off the front, or returns `None` and takes nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn rest(self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u24(&mut self) -> Option<u32> {
        self.array::<3>()
            .map(|[a, b, c]| u32::from_be_bytes([0, a, b, c]))
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }
}

/// Puts fields into a fixed buffer; `None` once one does not fit.
pub(crate) struct Writer<'a> {
    buffer: &'a mut [u8],
    written: usize,
}

impl<'a> Writer<'a> {
    pub(crate) const fn new(buffer: &'a mut [u8]) -> Self {
        Self { buffer, written: 0 }
    }

    pub(crate) const fn written(&self) -> usize {
        self.written
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.written.checked_add(bytes.len())?;
        self.buffer
            .get_mut(self.written..end)?
            .copy_from_slice(bytes);
        self.written = end;
        Some(())
    }

    pub(crate) fn u8(&mut self, value: u8) -> Option<()> {
        self.put(&[value])
    }

    pub(crate) fn u16(&mut self, value: u16) -> Option<()> {
        self.put(&value.to_be_bytes())
    }

    pub(crate) fn u24(&mut self, value: u32) -> Option<()> {
        let [_, a, b, c] = value.to_be_bytes();
        self.put(&[a, b, c])
    }

    pub(crate) fn u32(&mut self, value: u32) -> Option<()> {
        self.put(&value.to_be_bytes())
    }

    pub(crate) fn u64(&mut self, value: u64) -> Option<()> {
        self.put(&value.to_be_bytes())
    }

    /// Zero bytes up to the next multiple of four.
    pub(crate) fn pad(&mut self) -> Option<()> {
        while !self.written.is_multiple_of(4) {
            self.u8(0)?;
        }
        Some(())
    }

    /// Overwrite two bytes that were written before, such as a length field.
    pub(crate) fn patch_u16(&mut self, at: usize, value: u16) -> Option<()> {
        let end = at.checked_add(2)?;
        if end > self.written {
            return None;
        }
        self.buffer
            .get_mut(at..end)?
            .copy_from_slice(&value.to_be_bytes());
        Some(())
    }
}
