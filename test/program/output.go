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

package program

import (
	"bytes"
	"strings"
	"sync"
)

// output collects what a program writes.
type output struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
	grown  chan struct{} // closed, and replaced, by every write
}

// Write implements io.Writer.
func (o *output) Write(text []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	close(o.grown)
	o.grown = make(chan struct{})
	return o.buffer.Write(text)
}

// read returns all that was written, and a channel that the next write closes.
func (o *output) read() (text string, grown <-chan struct{}) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.buffer.String(), o.grown
}

func (o *output) lastLines(count int) string {
	text, _ := o.read()
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}
