import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;

/** Reads files as hex, one a line; prints what Properties.load() makes of each: "key=value" pairs as hex of UTF-16, or "error". */
class Oracle {
	static String hex(String s) {
		StringBuilder b = new StringBuilder();
		for (char c : s.toCharArray())
			b.append(String.format("%04x", (int) c));
		return b.toString();
	}

	static String read(byte[] file) throws Exception {
		Properties p = new Properties();
		try {
			p.load(new ByteArrayInputStream(file));
		} catch (IllegalArgumentException e) {
			return "error";
		}
		List<String> lines = new ArrayList<>();
		for (String key : p.stringPropertyNames())
			lines.add(hex(key) + "=" + hex(p.getProperty(key)));
		Collections.sort(lines);
		return String.join(" ", lines);
	}

	public static void main(String[] args) throws Exception {
		BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
		StringBuilder out = new StringBuilder();
		for (String line = in.readLine(); line != null; line = in.readLine())
			out.append(read(HexFormat.of().parseHex(line))).append('\n');
		System.out.print(out);
	}
}
