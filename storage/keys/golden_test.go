package keys

// Hashes as they were when the format was fixed.
const (
	hashGolden0  = 0x537f088fa8a5cb13
	hashGolden1  = 0xd54dbf419d857b7e
	hashGolden5  = 0xdbad8f6eb7ddb6ba
	hashGolden9  = 0xf1b7e97f6950b1ac
	hashGolden33 = 0xc01527b920503227
)
