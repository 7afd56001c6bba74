package mathanswer

import "testing"

type pair struct {
	a, b string
	want Verdict
}

// Every pair is tried both ways.
var numberPairs = []pair{
	// Integers, decimals, separators.
	{"5", "5.", Equal}, {"5", "05", Unknown}, {"5", "5.0", Equal}, {"-0", "0", Equal}, {"+7", "7", Equal}, {"7", "-7", Different},
	{"1,000", "1000", Equal}, {`1,\!000`, "1000", Equal}, {`10{,}000`, "10000", Equal}, {`111, \! 111, \! 111`, "111111111", Equal},
	{"1,234,567.5", "1234567.5", Equal}, {"1,234", "1234.1", Different}, {"1,234", "1, 234", Unknown}, {"12,34", "1234", Different},
	{"0.5", ".5", Equal}, {"0.333", `\frac13`, Different}, {`0.\overline{3}`, `\frac13`, Equal}, {`0.1\overline{6}`, `\frac16`, Equal}, {`0.\overline{9}`, "1", Equal},
	{"007", "7", Unknown}, {"1.2.3", "1.2", Unknown}, {"−3", "-3", Equal}, {"$5$", "5", Equal}, {`\(5\)`, "5", Equal}, {`\boxed{5}`, "5", Equal}, {`\boxed{5}+\boxed{6}`, "11", Unknown},
	// Fractions and mixed numbers.
	{`\frac{1}{2}`, "0.5", Equal}, {`\frac12`, "1/2", Equal}, {`\dfrac{2}{4}`, `\tfrac12`, Equal}, {`\frac{360}7`, "360/7", Equal}, {`\frac1{72}`, "1/72", Equal}, {`-\frac{1}{2}`, `\frac{-1}{2}`, Equal},
	{`\frac{1}{2}`, `\frac{1}{3}`, Different}, {`\frac 34`, "0.75", Equal}, {`\frac{1}{0}`, `\frac{2}{0}`, Unknown}, {`\frac{12}{5,\!525}`, `\frac{4}{1841.\overline{6}}`, Equal},
	{`1\frac{4}{5}`, "9/5", Equal}, {`1\frac45`, "1.8", Equal}, {"1 4/5", "1.8", Equal}, {`-1\frac{1}{2}`, "-1.5", Equal}, {`1\frac{4}{5}`, "4/5", Different}, {`2\frac{3}{2}`, "3", Unknown}, {`2\frac{1}{3}x`, `\frac{2x}{3}`, Unknown}, {`1\frac{1}{3}\text{ cups}`, `\frac43`, Equal},
	{"1 1/2", "11/2", Different}, {"2 3", "6", Unknown}, {`2\cdot 3`, "6", Equal}, {`2 \times 3`, "6", Equal}, {"1/2/2", "1/4", Equal}, {"1/2x", "x/2", Unknown}, {`6\div 4`, "1.5", Equal},
	{`\frac{\frac{1}{2}}{3}`, "1/6", Equal}, {"3(4)", "12", Equal}, {"((5))", "5", Equal}, {"|-3|", "3", Equal}, {"5!", "120", Equal}, {`\binom{5}{2}`, "10", Equal}, {`\frac{1}{2004!}`, `\frac{1}{2004!}+1`, Different},
	// Powers and radicals.
	{"2^{10}", "1024", Equal}, {"2^3", "8", Equal}, {"2^10", "1024", Unknown}, {"2^{-1}", "0.5", Equal}, {"2^{2005}", `2\cdot 2^{2004}`, Equal}, {"3^{2007}", "3^{2006}", Different}, {"0^0", "1", Unknown}, {"0^0", "0^0", Equal},
	{"2^{10^9}", "3", Unknown}, {"(-8)^{1/3}", "-2", Unknown}, {"4^{1/2}", "2", Equal}, {"8^{2/3}", "4", Equal},
	{`\sqrt{8}`, `2\sqrt{2}`, Equal}, {`\sqrt2`, `\sqrt 2`, Equal}, {`\sqrt{2}`, "1.41421356", Different}, {`\sqrt12`, `2\sqrt3`, Unknown}, {`\sqrt{12}`, `2\sqrt3`, Equal}, {`\sqrt{\frac{1}{2}}`, `\frac{\sqrt2}{2}`, Equal}, {"sqrt(3)", `\sqrt{3}`, Equal}, {"√3", `\sqrt3`, Equal},
	{`\frac{1}{\sqrt{3}}`, `\frac{\sqrt{3}}{3}`, Equal}, {`\frac{1}{1+\sqrt2}`, `\sqrt2-1`, Equal}, {`\frac{1}{1+\sqrt2+\sqrt3}`, `\frac{2+\sqrt2-\sqrt6}{4}`, Equal}, {`\frac{1}{\sqrt2-\sqrt2}`, "1", Unknown},
	{`\sqrt{2}+\sqrt{3}`, `\sqrt{5}`, Different}, {`\sqrt{2}+\sqrt{3}`, `\sqrt{5+2\sqrt{6}}`, Equal}, {`\sqrt{3-2\sqrt2}`, `\sqrt2-1`, Equal}, {`\sqrt{3-2\sqrt2}`, `1-\sqrt2`, Different},
	{`\sqrt[3]{16}`, `2\sqrt[3]{2}`, Equal}, {`\sqrt[3]{-8}`, "-2", Equal}, {`\sqrt[3]{2}`, `\sqrt{2}`, Different}, {`\sqrt[6]{4}`, `\sqrt[3]{2}`, Equal}, {`\sqrt{\sqrt{2}}`, `\sqrt[4]{2}`, Equal}, {`2^{1/2}`, `\sqrt2`, Equal}, {`\sqrt[4]{-16}`, "2", Unknown},
	{`\sqrt{10-2\sqrt{5}}`, `\sqrt{10+2\sqrt5}`, Different}, {`\frac{\sqrt{10-2\sqrt{5}}}{4}`, `\frac{1}{4}\sqrt{10-2\sqrt{5}}`, Equal}, {`\sqrt{1+\sqrt{2}}`, `\sqrt{4+4\sqrt2}/2`, Equal}, {`\sqrt{1+\sqrt{2}}^2`, `1+\sqrt2`, Equal},
	{`\sqrt{1+\sqrt{2}}\sqrt{\sqrt2-1}`, "1", Unknown}, {`\sqrt[3]{2+\sqrt5}`, `\frac{1+\sqrt5}{2}`, Unknown}, {`\sqrt[3]{2+\sqrt5}`, "1.618033", Different},
	{`\sqrt{\pi^2}`, `\pi`, Equal}, {`\sqrt{1000000007}`, `\sqrt{1000000009}`, Different}, {`\sqrt{4611686014132420609}`, "2147483647", Equal},
	// Pi, e, i.
	{`\frac{2\pi}{3}`, `\frac{2}{3}\pi`, Equal}, {`\pi`, "3.14159", Different}, {`\pi`, `\frac{22}{7}`, Different}, {"π", "pi", Equal}, {`\frac{648}{\pi}`, `648\pi^{-1}`, Equal}, {`\pi^2`, "10", Different}, {`(\pi^{2/3})^{3/2}`, `\pi`, Equal}, {`(\pi^{1/2})^{3}`, `\pi^{3/2}`, Equal}, {`(\pi^{3/2})^{3}`, `\pi^{3/2}`, Different}, {`\pi + e`, `e+\pi`, Equal}, {`\pi + e`, "5.86", Different}, {`e^{2}`, "7.389", Different},
	{"e^{1/2}", `\sqrt{e}`, Equal}, {`72\pi\sqrt{3}`, `72\sqrt3\pi`, Equal}, {`\frac{1}{\pi-\pi}`, "1", Unknown}, {`\frac{1}{\sqrt{1+\sqrt2}\sqrt{\sqrt2-1}-1}`, `0+\frac{1}{\sqrt{1+\sqrt2}\sqrt{\sqrt2-1}-1}`, Unknown},
	{"i^2", "-1", Equal}, {`\sqrt{-4}`, "2i", Equal}, {"3+4i", "4i+3", Equal}, {"3+4i", "3-4i", Different}, {`\frac{1}{1+i}`, `\frac{1-i}{2}`, Equal}, {"(1+i)^8", "16", Equal}, {"8-i", "8", Different}, {`-128 - 128 \sqrt{3} i`, `-128(1+i\sqrt3)`, Equal}, {"i^{-1}", "-i", Equal},
	// Functions stay closed.
	{`2\cos 15^{\circ}`, `2 \cos(15^\circ)`, Equal}, {`\sin 3x`, `\sin(3x)`, Equal}, {`\sin 3x`, `\sin 2x`, Unknown}, {`\sin^2 x`, `(\sin x)^2`, Equal}, {`\log_2 3`, `\log_{2}{3}`, Equal}, {`\tan x`, `\frac{\sin x}{\cos x}`, Unknown}, {`\ln 2 + \ln 3`, `\ln 3+\ln 2`, Equal}, {"2^n", "2^m", Unknown}, {"3 - 2f(x)", "-2f(x)+3", Equal},
}

var unitPairs = []pair{
	{`\$10`, "10", Equal}, {`\$32,\!348`, "32348", Equal}, {`-\$0.50`, "-0.5", Equal}, {`\$10`, `10\text{ dollars}`, Equal}, {`5.4 \text{ cents}`, "5.4", Equal}, {`50\text{ cents}`, `\$0.50`, Unknown},
	{`10\text{ cm}`, "10", Equal}, {"10 cm", `10\text{ cm}`, Equal}, {`10\text{ cm}`, "11", Different}, {`10\text{ cm}`, `10\text{ m}`, Unknown}, {`15\mbox{ cm}^2`, `15\text{ square cm}`, Equal}, {`45 \text{ units}^2`, "45", Equal}, {`5\text{ feet}`, `5\text{ ft}`, Equal}, {`18\text{ ways.}`, "18", Equal}, {`5\text{ ft }3\text{ in}`, `15\text{ ft in}`, Unknown},
	{`90^\circ`, "90", Equal}, {`90^{\circ}`, "90°", Equal}, {`20\text{ degrees}`, `20^\circ`, Equal}, {`90^\circ`, `\frac{\pi}{2}`, Unknown}, {`90^\circ`, `\pi`, Different}, {`90^\circ`, `80^\circ`, Different},
	{`20\%`, `20\%`, Equal}, {`20\%`, "20", Unknown}, {`20\%`, "0.2", Unknown}, {`20\%`, "21", Different}, {`20\%`, `30\%`, Different}, {`20\%`, `20^\circ`, Unknown}, {`7.2\%`, "7.20%", Equal}, {`10\text{ cm}`, "10x", Unknown},
	{"1:2", "2:4", Equal}, {"1:2", "2:1", Different}, {"1:2", "1/2", Unknown}, {"1:2:3", "2:4:6", Equal}, {"1:2", "1:2:3", Different}, {"3:10", "03:10", Unknown},
	{"1011_2", "1011_{2}", Equal}, {"1011_2", "1010_2", Different}, {"1011_2", "11", Unknown}, {"1011_2", "1011", Unknown}, {"1011_2", "12", Different}, {"1011_2", "13_8", Unknown}, {"1011_2", "12_8", Different}, {"0.0011_{2}", "0.00110_2", Equal}, {"152A_{11}", "152A_{11}", Equal}, {"152A_{11}", "1520_{11}", Different}, {"19_8", "17", Unknown}, {"-221_3", "-25", Unknown}, {"-221_3", "25", Different},
}

var groupPairs = []pair{
	// Points, intervals, unions.
	{"(1,2)", `\left( 1, 2 \right)`, Equal}, {"(1,2)", "(2,1)", Different}, {"(1,2)", "(1,2,3)", Different}, {"(1,2)", "1,2", Unknown}, {"(1,2)", "3", Different}, {`(\frac12, \sqrt8)`, `(0.5,2\sqrt2)`, Equal}, {`(1,\sqrt{x^2})`, "(1,x)", Unknown},
	{"[0,1]", "[0,1]", Equal}, {"[0,1]", "[0,1)", Different}, {"[0,1]", "(0,1)", Different}, {"[1,2,3]", "(1,2,3)", Unknown}, {`(-\infty,0)`, `(-\infty,0]`, Different}, {`(-\infty, \infty)`, `(-\infty,+\infty)`, Equal}, {`[2,\infty)`, `x \ge 2`, Equal}, {`[2,\infty)`, `x > 2`, Different}, {`x\in[-2,7]`, `-2 \le x \le 7`, Equal}, {`x\in[-2,7]`, "[-2,7]", Equal}, {`y \ge 2`, `x\ge 2`, Unknown}, {`2 < x`, `x>2`, Equal}, {`\infty`, `-\infty`, Different}, {`\infty`, "7", Different},
	{`(-\infty,0)\cup(0,\infty)`, `(0,\infty) \cup (-\infty,0)`, Equal}, {`[0,1]\cup[1,2]`, "[0,2]", Equal}, {`[0,1)\cup(1,2]`, "[0,2]", Different}, {`\{-1\} \cup [0,7)`, `[0,7)\cup\{-1\}`, Equal}, {`(0,1)\cup\{1\}`, "(0,1]", Equal}, {`x<-1 \text{ or } x>3`, `(-\infty,-1)\cup(3,\infty)`, Equal}, {`[0,\sqrt{2}]\cup[1.4,3]`, "[0,3]", Equal}, {`[0,\sqrt2]\cup[1.42,3]`, "[0,3]", Different}, {`(3,1)\cup(5,6)`, `(5,6)`, Unknown}, {`\{1,2\}`, "[1,2]", Different},
	{`(1,4-\sqrt{3})\cup(4+\sqrt{3},7)`, `(4+\sqrt3,7)\cup(1,4-\sqrt3)`, Equal},
	// Lists and sets.
	{"1, 2", "2,1", Equal}, {"1,2", "1,3", Different}, {"1,2", "1", Different}, {"1,1,2", "1,2", Unknown}, {"1,1,2", "1,2,2", Unknown}, {`\{1,2\}`, `\{2,1\}`, Equal}, {`\{1,2\}`, "1,2", Equal}, {`\{1,2\}`, "(1,2)", Unknown}, {`\{5\}`, "5", Unknown}, {`\{5\}`, "6", Different}, {`\{\}`, `\{1\}`, Different}, {`12\text{ and }13`, "13, 12", Equal}, {`7, -2, \text{ and } -5`, "-5,-2,7", Equal}, {"x=1 or x=2", "1,2", Equal}, {"x=1, y=2", "1,2", Unknown}, {"x=1, y=2", "y=2, x=1", Equal}, {"1, x", "1, y", Different},
	{`1 \pm \sqrt{19}`, `1+\sqrt{19}, 1-\sqrt{19}`, Equal}, {`\{1\pm\sqrt{5},-2\}`, `-2, 1+\sqrt5, 1-\sqrt5`, Equal}, {`\pm 1`, "1,-1", Equal}, {`\pm1\pm2`, "3,1,-1,-3", Unknown}, {`(\pm1,2)`, "(1,2)", Unknown}, {"12,345", "12345", Equal}, {"12,345", "12, 345", Unknown}, {"(12,345)", "(12, 345)", Equal},
	// Matrices.
	{`\begin{pmatrix} 1 \\ 2 \end{pmatrix}`, `\begin{bmatrix}1\\2\end{bmatrix}`, Equal}, {`\begin{pmatrix} 1 \\ 2 \end{pmatrix}`, "(1,2)", Equal}, {`\begin{pmatrix} 1 \\ 2 \end{pmatrix}`, `\langle 1, 2\rangle`, Equal}, {`\begin{pmatrix} 1 \\ 2 \end{pmatrix}`, `\begin{pmatrix} 1 & 2 \end{pmatrix}`, Unknown}, {`\begin{pmatrix} 1 & 2 \\ 3 & 4\end{pmatrix}`, `\begin{pmatrix} 1 & 2 \\ 3 & 5\end{pmatrix}`, Different}, {`\begin{pmatrix} 1/\sqrt{2} & 0 \\ 0 & 1 \\\end{pmatrix}`, `\begin{pmatrix} \frac{\sqrt2}{2} & 0 \\ 0 & 1 \end{pmatrix}`, Equal}, {`\begin{pmatrix} 1 & 2 \\ 3 \end{pmatrix}`, "1", Unknown}, {`\begin{pmatrix} 1 \\ 2 \\ 3 \end{pmatrix}`, `\begin{pmatrix} 1 \\ 2 \end{pmatrix}`, Different}, {`\begin{vmatrix} 1 \end{vmatrix}`, "1", Unknown}, {`\begin{pmatrix} 1 \end{bmatrix}`, "1", Unknown},
}

var algebraPairs = []pair{
	{"(x+1)^2", "x^2+2x+1", Equal}, {"(x+1)^2", "x^2+1", Different}, {"(x-5)(x^2-4x+7)", "(x^2-4x+7)(x-5)", Equal}, {"x+1", "1+x", Equal}, {"x+1", "x+2", Different}, {"x+1", "5", Different}, {"x", "X", Unknown}, {`2\mathbf{i}+3\mathbf{j}`, "2i+3j", Unknown}, {`\vec{v}`, "v", Unknown}, {`\overline{AB}`, "AB", Unknown}, {"ab", "ba", Equal}, {`\frac{x^2-1}{x-1}`, "x+1", Equal}, {`\frac{2}{r}`, "2r^{-1}", Equal}, {`\frac{1}{2-x}`, `-\frac{1}{x-2}`, Equal}, {`\frac{1}{y} + y`, `\frac{1+y^2}{y}`, Equal}, {`\frac{x}{2}`, "0.5x", Equal}, {"7z^{96}(4z+1)", "28z^{97}+7z^{96}", Equal}, {"(1+x)^{1000}", "1", Unknown}, {"x^{1/2}", `\sqrt{x}`, Equal}, {`\sqrt{x}^2`, "x", Equal}, {`\sqrt{x^2}`, "x", Unknown}, {`\sqrt{4x}`, `2\sqrt{x}`, Equal}, {`-\sqrt{x-2}+2`, `2-\sqrt{x-2}`, Equal}, {`-\sqrt{x-2}+2`, `2-\sqrt{x-3}`, Different}, {`36x \sqrt{35x}`, `36x\sqrt{35}\sqrt{x}`, Equal}, {`\sqrt{xy}`, `\sqrt{x}\sqrt{y}`, Unknown}, {`\{\pm1\}\cup[2,3]`, "[2,3]", Unknown}, {"x_1+x_2", "x_2+x_1", Equal}, {"x_1", "x_2", Different}, {"x_{12}", "x_1", Different}, {`\alpha+1`, `1+\alpha`, Equal}, {"7p+4e", "4e+7p", Equal}, {"x^2y", "yx^2", Equal},
	{"x=5", "5", Equal}, {"5=x", "x=5", Equal}, {"x=5", "x=6", Different}, {"x=5", "6", Different}, {"x=4", "b=4", Unknown}, {"y = 2x+3", "2x+3", Equal}, {"y=2x", "x=y/2", Equal}, {"y=2x", "2x-y=0", Equal}, {"y=2x", "y=3x", Different}, {"5x - 7y + 11z + 4 = 0", "-10x+14y-22z=8", Equal}, {"5x - 7y = 1", "5x-7y=2", Different}, {"x^2+y^2=13", "y^2 = 13-x^2", Equal}, {"x^2=0", "x=0", Unknown}, {"f(x)=x+1", "x+1", Equal}, {"f(x) = x+1", "f(x)=1+x", Equal}, {"(x,y)=(1,2)", "(1,2)", Equal}, {"x=x^2", "x^2", Unknown}, {"x=y=2", "2", Unknown}, {"f(2) < f(1) < f(4)", "f(4)>f(1)>f(2)", Equal}, {"f(2) < f(1) < f(4)", "f(1)<f(2)<f(4)", Unknown}, {`A = \begin{pmatrix} 1 \\ 2 \end{pmatrix}`, "(1,2)", Equal},
}

var wordPairs = []pair{
	{`\text{even}`, "even", Equal}, {`\text{Even}`, `\mbox{even}`, Equal}, {`\text{even}`, `\text{odd}`, Different}, {`\text{June 20}`, `\text{june  20.}`, Equal}, {`\text{June 20}`, `\text{June 21}`, Unknown}, {`\text{(A)}`, "A", Equal}, {`\text{A}`, "B", Different}, {`(\text{E})`, "E", Equal}, {`\text{B, E, G}`, "G,E,B", Equal}, {`\text{13}`, "13", Equal}, {"ellipse", `\text{an ellipse}`, Equal}, {`\text{east}`, "5", Unknown}, {`\overline{CD}`, `\overline{CD}`, Equal}, {"Monday", `\textbf{monday}`, Equal}, {`\text{4:30 p.m.}`, "4:30", Unknown},
	{"", "", Unknown}, {"{", "{", Equal}, {"{", "}", Unknown}, {`\unknown{3}`, `\unknown{3}`, Equal}, {`\unknown{3}`, "3", Unknown}, {"1,,2", "1,2", Unknown}, {"(1", "1", Unknown}, {"[1,2}", "[1,2]", Unknown}, {`\frac`, `\sqrt`, Unknown}, {"x+", "x", Unknown}, {"=", "=3", Unknown}, {"日本", "日本", Equal}, {"日本", "5", Unknown}, {"\xff", "5", Unknown},
}

func (v Verdict) String() string {
	return [...]string{"unknown", "equal", "different"}[v]
}

// judged is Compare without its shortcuts.
func judged(a, b string) Verdict {
	c := &calc{}
	x, okX := read(c, a)
	y, okY := read(c, b)
	if v := c.compare(x, y); okX && okY && !c.failed {
		return v
	}
	return Unknown
}

func TestCompare(t *testing.T) {
	n := 0
	for _, table := range [][]pair{numberPairs, unitPairs, groupPairs, algebraPairs, wordPairs} {
		for _, p := range table {
			n++
			if got := Compare(p.a, p.b); got != p.want {
				t.Errorf("Compare(%q, %q) = %s, want %s", p.a, p.b, got, p.want)
			}
			if x, y := judged(p.a, p.b), judged(p.b, p.a); x != y {
				t.Errorf("%q and %q: %s, the other way %s", p.a, p.b, x, y)
			}
			for _, s := range []string{p.a, p.b} {
				if Compare(s, s) == Different {
					t.Errorf("Compare(%q, itself) is different", s)
				}
			}
		}
	}
	t.Logf("%d pairs", n)
}
