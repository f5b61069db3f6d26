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

package stsfake

import (
	"crypto/rand"
	"encoding/base64"
	"math/big"
	"time"
)

const (
	upperAlphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	secretAlphabet    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

	// tokenPrefix makes the token begin as today's do (IQoJb3JpZ2luX2Vj); what follows is opaque.
	tokenPrefix = "!\n\torigin_ec"
)

// issue makes credentials that this server accepts from now on. tokenSize is the length of the session token in bytes.
func (s *Server) issue(owner identity, tokenSize int, now time.Time, lifetime time.Duration) Credentials {
	prefix := "ASIA"
	if s.service == ServiceCompatible { // whose keys look like nothing in particular
		prefix = randomText(upperAlphanumeric, len(prefix))
	}
	issued := Credentials{
		AccessKeyID:     prefix + randomText(upperAlphanumeric, 16),
		SecretAccessKey: randomText(secretAlphabet, 40),
		SessionToken:    randomToken(tokenSize),
		Expiration:      now.Truncate(s.resolution).Add(lifetime),
	}
	s.directory.addTemporary(owner, issued, now)
	return issued
}

// randomText takes each character from an alphabet whose length divides 256, so none is likelier than another.
func randomText(alphabet string, length int) string {
	text := make([]byte, length)
	_, _ = rand.Read(text) // never fails since Go 1.24
	for i, b := range text {
		text[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(text)
}

// randomToken is a base64 text of the given size, which is a multiple of 4.
func randomToken(size int) string {
	content := make([]byte, size/4*3)
	_, _ = rand.Read(content)
	copy(content, tokenPrefix)
	return base64.StdEncoding.EncodeToString(content)
}

// randomBelow is a number in [0, limit).
func randomBelow(limit int) int {
	number, _ := rand.Int(rand.Reader, big.NewInt(int64(limit)))
	return int(number.Int64())
}
