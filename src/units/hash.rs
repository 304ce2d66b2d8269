//! XXH64, the fingerprint of input files in the manifest.
//!
//! Yann Collet's algorithm, as specified in the xxHash repository (`doc/xxhash_spec.md`, section XXH64); anyone can
//! check a manifest with `xxhsum -H64`.

const P1: u64 = 0x9E37_79B1_85EB_CA87;
const P2: u64 = 0xC2B2_AE3D_27D4_EB4F;
const P3: u64 = 0x1656_67B1_9E37_79F9;
const P4: u64 = 0x85EB_CA77_C2B2_AE63;
const P5: u64 = 0x27D4_EB2F_1656_67C5;

/// Bytes that the four lanes take in at once.
const STRIPE: usize = 32;

/// A running XXH64.
#[derive(Debug, Clone)]
pub struct Fingerprint {
    seed: u64,
    lanes: [u64; 4],
    /// The bytes behind the last whole stripe; the first `length % STRIPE` of them count.
    pending: [u8; STRIPE],
    length: u64,
}

impl Fingerprint {
    /// An empty fingerprint.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let lanes = [seed.wrapping_add(P1).wrapping_add(P2), seed.wrapping_add(P2), seed, seed.wrapping_sub(P1)];
        Fingerprint { seed, lanes, pending: [0; STRIPE], length: 0 }
    }

    /// The fingerprint of one piece of data.
    #[must_use]
    pub fn of(seed: u64, data: &[u8]) -> Self {
        let mut print = Fingerprint::new(seed);
        print.update(data);
        print
    }

    /// Takes in more data.
    pub fn update(&mut self, mut data: &[u8]) {
        let pending = self.pending_len();
        self.length += data.len() as u64;
        if pending > 0 {
            let take = data.len().min(STRIPE - pending);
            self.pending[pending..pending + take].copy_from_slice(&data[..take]);
            data = &data[take..];
            if pending + take < STRIPE {
                return;
            }
            let stripe = self.pending;
            self.consume(&stripe);
        }
        let (stripes, rest) = data.as_chunks::<STRIPE>();
        for stripe in stripes {
            self.consume(stripe);
        }
        self.pending[..rest.len()].copy_from_slice(rest);
    }

    fn pending_len(&self) -> usize {
        (self.length % STRIPE as u64) as usize
    }

    fn consume(&mut self, stripe: &[u8; STRIPE]) {
        let (words, _) = stripe.as_chunks::<8>();
        for (lane, word) in self.lanes.iter_mut().zip(words) {
            *lane = round(*lane, u64::from_le_bytes(*word));
        }
    }

    /// The 64-bit value of all data taken in so far.
    #[must_use]
    pub fn value(&self) -> u64 {
        let mut hash = if self.length >= STRIPE as u64 {
            let [a, b, c, d] = self.lanes;
            let mixed = a
                .rotate_left(1)
                .wrapping_add(b.rotate_left(7))
                .wrapping_add(c.rotate_left(12))
                .wrapping_add(d.rotate_left(18));
            self.lanes.iter().fold(mixed, |acc, &lane| (acc ^ round(0, lane)).wrapping_mul(P1).wrapping_add(P4))
        } else {
            self.seed.wrapping_add(P5)
        };
        hash = hash.wrapping_add(self.length);
        let (words, mut rest) = self.pending[..self.pending_len()].as_chunks::<8>();
        for word in words {
            hash = (hash ^ round(0, u64::from_le_bytes(*word))).rotate_left(27).wrapping_mul(P1).wrapping_add(P4);
        }
        if let Some((half, tail)) = rest.split_first_chunk::<4>() {
            let word = u64::from(u32::from_le_bytes(*half));
            hash = (hash ^ word.wrapping_mul(P1)).rotate_left(23).wrapping_mul(P2).wrapping_add(P3);
            rest = tail;
        }
        for &byte in rest {
            hash = (hash ^ u64::from(byte).wrapping_mul(P5)).rotate_left(11).wrapping_mul(P1);
        }
        hash = (hash ^ (hash >> 33)).wrapping_mul(P2);
        hash = (hash ^ (hash >> 29)).wrapping_mul(P3);
        hash ^ (hash >> 32)
    }
}

fn round(lane: u64, word: u64) -> u64 {
    lane.wrapping_add(word.wrapping_mul(P2)).rotate_left(31).wrapping_mul(P1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors of the reference implementation.
    #[test]
    fn agrees_with_the_published_vectors() {
        assert_eq!(Fingerprint::of(0, b"").value(), 0xEF46_DB37_51D8_E999);
        assert_eq!(Fingerprint::of(0, b"a").value(), 0xD24E_C4F1_A98C_6E5B);
        assert_eq!(Fingerprint::of(0, b"abc").value(), 0x44BC_2CF5_AD77_0999);
        let long = b"Nobody inspects the spammish repetition";
        assert_eq!(Fingerprint::of(0, long).value(), 0xFBCE_A83C_8A37_8BF1);
    }

    #[test]
    fn pieces_and_whole_agree() {
        let data: Vec<u8> = (0..1000u32).map(|i| (i * 7) as u8).collect();
        let mut pieces = Fingerprint::new(9);
        for piece in data.chunks(13) {
            pieces.update(piece);
        }
        assert_eq!(pieces.value(), Fingerprint::of(9, &data).value());
    }
}
