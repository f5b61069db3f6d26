/*
Copyright 2026 The sts-operator Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package issuer

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sts-operator/sts-operator/api/v1alpha1"
	"github.com/sts-operator/sts-operator/internal/sts"
)

const (
	anID     = "AKIAIOSFODNN7EXAMPLE"
	aSecret  = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	idName   = v1alpha1.AccessKeyIDKey
	keyName  = v1alpha1.SecretAccessKeyKey
	utf16BOM = "\xff\xfe"
)

// parsed is the key in a Secret, or the message that says what is wrong with it.
func parsed(t *testing.T, id, secretKey string, service v1alpha1.Service) (sts.Credentials, string) {
	t.Helper()
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "aws"},
		Data:       map[string][]byte{idName: []byte(id), keyName: []byte(secretKey)},
	}
	credentials, err := parseKey(secret, idName, keyName, service)
	if err == nil {
		return credentials, ""
	}
	problem, err := sts.Split(err)
	if err != nil || problem.Reason != v1alpha1.ReasonKeyInvalid {
		t.Fatalf("not KeyInvalid: %v %v", problem, err)
	}
	return sts.Credentials{}, problem.Message
}

// expectNothingOf a value in a message: any eight characters in a row would help to find the rest.
func expectNothingOf(g *WithT, value, message string) {
	for i := 0; i+8 <= len(value); i++ {
		g.Expect(message).NotTo(ContainSubstring(value[i : i+8]))
	}
}

func inUTF16(text string) string {
	var b strings.Builder
	b.WriteString(utf16BOM)
	for _, unit := range utf16.Encode([]rune(text)) {
		b.Write([]byte{byte(unit), byte(unit >> 8)})
	}
	return b.String()
}

func TestParseKeyTakesWhiteSpaceAround(t *testing.T) {
	for _, space := range []string{" ", "\n", "\r\n", "\t", "  \n\n", "\u00a0", "\v", "\f", "\u0085", "\u2003"} {
		t.Run(fmt.Sprintf("%q", space), func(t *testing.T) {
			g := NewWithT(t)
			for _, around := range [][2]string{{space, ""}, {"", space}, {space, space}} {
				key, message := parsed(t, around[0]+anID+around[1], around[0]+aSecret+around[1], "")

				g.Expect(message).To(BeEmpty())
				g.Expect(key.Equals(sts.NewCredentials(anID, aSecret, ""))).To(BeTrue())
			}
		})
	}
}

// What an editor, a shell or a word processor adds, wherever it does, in either value.
func TestParseKeyNamesStrayCharacters(t *testing.T) {
	for stray, named := range map[string]string{
		`"`:      "a quote",
		`'`:      "a quote",
		"`":      "a quote",
		"\u2018": "a quote",
		"\u2019": "a quote",
		"\u201c": "a quote",
		"\u201d": "a quote",
		"\u201e": "a quote",
		"\u00ab": "a quote",
		"\ufeff": "a byte-order mark",
		"\u200b": "the invisible character U+200B",
		"\u200d": "the invisible character U+200D",
		"\u2060": "the invisible character U+2060",
		"\u00ad": "the invisible character U+00AD",
		"\u202e": "the invisible character U+202E",
		"\x00":   "the control character U+0000",
		"\x07":   "the control character U+0007",
		"\x1b":   "the control character U+001B",
		"\x7f":   "the control character U+007F",
		"é":      "the character U+00E9, which is not ASCII",
		"\u2013": "the character U+2013, which is not ASCII",
		"\uff0f": "the character U+FF0F, which is not ASCII",
	} {
		t.Run(fmt.Sprintf("%+q", stray), func(t *testing.T) {
			g := NewWithT(t)
			for _, place := range []string{"start", "middle", "end"} {
				for name, values := range map[string][2]string{idName: {insert(stray, place, anID), aSecret}, keyName: {anID, insert(stray, place, aSecret)}} {
					_, message := parsed(t, values[0], values[1], v1alpha1.ServiceAWS)

					g.Expect(message).To(Equal("Secret team-a/aws has " + named + " in " + name + ": remove it, or copy the value again"))
				}
			}
		})
	}
}

func insert(stray, place, value string) string {
	at := map[string]int{"start": 0, "middle": len(value) / 2, "end": len(value)}[place]
	return value[:at] + stray + value[at:]
}

func TestParseKeyNamesHowTheValueIsWritten(t *testing.T) {
	twice := base64.StdEncoding.EncodeToString
	const alone, encodedTwice = ": put the value alone there", " in base64 within its own base64: encode it once, or use stringData"
	for sentence, c := range map[string]struct {
		write func(string) string
		says  string // before and after the name of the key
		after string
	}{
		"straight quotes":           {around(`"`, `"`), "has quotes around the value of ", ": remove them"},
		"single quotes and a line":  {around(`'`, "'\n"), "has quotes around the value of ", ": remove them"},
		"typographic quotes":        {around("\u201c", "\u201d"), "has quotes around the value of ", ": remove them"},
		"German quotes":             {around("\u201e", "\u201c"), "has quotes around the value of ", ": remove them"},
		"a line of JSON":            {around(`{"SecretAccessKey":"`, `"}`), "holds JSON in ", alone},
		"several lines of JSON":     {around("{\n  \"SecretAccessKey\": \"", "\"\n}\n"), "holds JSON in ", alone},
		"two lines":                 {around("", "\n"+aSecret), "holds several lines in ", alone},
		"a credentials file":        {around("[default]\naws_secret_access_key = ", ""), "holds several lines in ", alone},
		"lines of an old Macintosh": {around("first\r", ""), "holds several lines in ", alone},
		"a line of an .env file":    {around("AWS_SECRET_ACCESS_KEY=", ""), "holds a whole assignment in ", alone + ", without its name"},
		"with quotes":               {around(`AWS_ACCESS_KEY_ID="`, `"`), "holds a whole assignment in ", alone + ", without its name"},
		"of a shell":                {around("export KEY=", ""), "holds a whole assignment in ", alone + ", without its name"},
		"of PowerShell":             {around(`$env:KEY = "`, `"`), "holds a whole assignment in ", alone + ", without its name"},
		"of cmd.exe":                {around("set KEY=", ""), "holds a whole assignment in ", alone + ", without its name"},
		"of a credentials file":     {around("aws_secret_access_key = ", ""), "holds a whole assignment in ", alone + ", without its name"},
		"of YAML":                   {around("AWS_SECRET_ACCESS_KEY: ", ""), "holds a whole assignment in ", alone + ", without its name"},
		"base64 of the value":       {func(v string) string { return twice([]byte(v)) }, "holds the value of ", encodedTwice},
		"base64 of a line":          {func(v string) string { return twice([]byte(v+"\n")) + "\n" }, "holds the value of ", encodedTwice},
		"UTF-16":                    {inUTF16, "holds text in UTF-16 in ", ": write it in ASCII or UTF-8"},
		"bytes":                     {around("\x80", ""), "holds something that is no text in ", alone},
		"a space":                   {around("a ", ""), "has white space in ", ": remove it, or copy the value again"},
		"a tab":                     {around("a\t", ""), "has white space in ", ": remove it, or copy the value again"},
		"a non-breaking space":      {around("a\u00a0", ""), "has a non-breaking space in ", ": remove it, or copy the value again"},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			_, message := parsed(t, anID, c.write(aSecret), "")
			g.Expect(message).To(Equal("Secret team-a/aws " + c.says + keyName + c.after))
			expectNothingOf(g, aSecret, message)

			_, message = parsed(t, c.write(anID), aSecret, "")
			g.Expect(message).To(Equal("Secret team-a/aws " + c.says + idName + c.after))
			expectNothingOf(g, anID, message)
		})
	}
}

func around(before, after string) func(string) string {
	return func(value string) string { return before + value + after }
}

// A secret key of AWS may hold any of its alphabet anywhere.
func TestParseKeyTakesWhateverAWSMakes(t *testing.T) {
	for _, secretKey := range []string{
		aSecret, strings.Repeat("A", 40), strings.Repeat("a/+", 13) + "b", "+" + aSecret[1:], "/" + aSecret[1:], "export" + aSecret[6:],
	} {
		_, message := parsed(t, anID, secretKey, "")
		NewWithT(t).Expect(message).To(BeEmpty())
	}
}

func TestParseKeyOfACompatibleService(t *testing.T) {
	for sentence, c := range map[string]struct{ id, secretKey, says string }{
		"MinIO's first key":               {"minioadmin", "minioadmin", ""},
		"the shortest id":                 {"abc", "x", ""},
		"the longest id":                  {strings.Repeat("i", 128), "x", ""},
		"any printable characters":        {"id:/+=.@-", `s"e'c{r}e=t`, ""},
		"what AWS would call temporary":   {"ASIAIOSFODNN7EXAMPLE", aSecret, ""},
		"what AWS would call swapped":     {"minio", anID, ""},
		"a secret in base64":              {"minio", base64.StdEncoding.EncodeToString([]byte(aSecret)), ""},
		"a secret beyond ASCII":           {"minio", "pässword", ""},
		"an id that is too short":         {"ab", "x", "has no access key id in AWS_ACCESS_KEY_ID"},
		"an id that is too long":          {strings.Repeat("i", 129), "x", "has no access key id in AWS_ACCESS_KEY_ID"},
		"an id beyond ASCII":              {"mïnio", "x", "has no access key id in AWS_ACCESS_KEY_ID"},
		"a space in the id":               {"min io", "x", "has white space in AWS_ACCESS_KEY_ID"},
		"quotes around the secret":        {"minio", `"minioadmin"`, "has quotes around the value of AWS_SECRET_ACCESS_KEY"},
		"a byte-order mark":               {"minio", "\ufeffminioadmin", "has a byte-order mark in AWS_SECRET_ACCESS_KEY"},
		"a character that cannot be seen": {"minio", "minio\u200badmin", "has the invisible character U+200B in AWS_SECRET_ACCESS_KEY"},
		"a line of an .env file":          {"minio", "AWS_SECRET_ACCESS_KEY=minioadmin", "holds a whole assignment in AWS_SECRET_ACCESS_KEY"},
		"a document":                      {"minio", `{"secretKey":"minioadmin"}`, "holds JSON in AWS_SECRET_ACCESS_KEY"},
	} {
		t.Run(sentence, func(t *testing.T) {
			g := NewWithT(t)
			key, message := parsed(t, c.id, c.secretKey, v1alpha1.ServiceCompatible)

			if c.says == "" {
				g.Expect(message).To(BeEmpty())
				g.Expect(key.Equals(sts.NewCredentials(c.id, c.secretKey, ""))).To(BeTrue())
				return
			}
			g.Expect(message).To(HavePrefix("Secret team-a/aws " + c.says))
		})
	}
}

// Whatever surrounds the secret key, no message shows a part of it that would help to find the rest.
func FuzzParseKeyShowsNothing(f *testing.F) {
	for _, seed := range []string{`"`, "\ufeff", "export A=", "{", "\n", " ", "\xff"} {
		f.Add(seed, "", "")
		f.Add("", seed, "")
		f.Add("", "", seed)
	}
	f.Fuzz(func(t *testing.T, before, inside, after string) {
		for _, service := range []v1alpha1.Service{v1alpha1.ServiceAWS, v1alpha1.ServiceCompatible} {
			value := before + aSecret[:20] + inside + aSecret[20:] + after
			_, message := parsed(t, anID, value, service)
			expectNothingOf(NewWithT(t), aSecret, message)
			_, message = parsed(t, value, anID, service)
			expectNothingOf(NewWithT(t), aSecret, message)
		}
	})
}
