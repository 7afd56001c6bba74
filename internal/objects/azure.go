package objects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
)

// An azureBucket is a container of Azure's blob storage.
type azureBucket struct {
	name   string
	client *azblob.Client
}

// openAzure reads the account from the variables that Azure's own programs
// know.
func openAzure(name string) (bucket, error) {
	client, err := azureClient()
	return azureBucket{name, client}, err
}

func azureClient() (*azblob.Client, error) {
	o := &azblob.ClientOptions{ClientOptions: azcore.ClientOptions{
		Retry: policy.RetryOptions{MaxRetries: retries - 1, RetryDelay: 200 * time.Millisecond, MaxRetryDelay: time.Second},
	}}
	if text := os.Getenv("AZURE_STORAGE_CONNECTION_STRING"); text != "" {
		client, err := azblob.NewClientFromConnectionString(text, o)
		if err != nil { // its text may quote a key
			return nil, errors.New("AZURE_STORAGE_CONNECTION_STRING is not a connection string: copy it anew from the account's access keys")
		}
		return client, nil
	}
	account, key, token := os.Getenv("AZURE_STORAGE_ACCOUNT"), os.Getenv("AZURE_STORAGE_KEY"), os.Getenv("AZURE_STORAGE_SAS_TOKEN")
	address := "https://" + account + ".blob.core.windows.net/"
	switch {
	case account != "" && key != "":
		credential, err := azblob.NewSharedKeyCredential(account, key)
		if err != nil {
			return nil, errors.New("AZURE_STORAGE_KEY is not a key: it is written in base64")
		}
		return azblob.NewClientWithSharedKeyCredential(address, credential, o)
	case account != "" && token != "":
		return azblob.NewClientWithNoCredential(address+"?"+strings.TrimPrefix(token, "?"), o)
	}
	return nil, fmt.Errorf("no credentials for azblob:// in the environment: set %s", stores["azblob"].credentials)
}

func (b azureBucket) read(ctx context.Context, key string) (io.ReadCloser, error) {
	r, err := b.client.DownloadStream(ctx, b.name, key, nil)
	if err != nil {
		return nil, err
	}
	return r.NewRetryReader(ctx, nil), nil
}

func (b azureBucket) write(ctx context.Context, key string, r *io.SectionReader, o writing) error {
	how := &azblob.UploadStreamOptions{HTTPHeaders: &blob.HTTPHeaders{BlobContentType: &o.kind}, BlockSize: 8 << 20}
	if o.create {
		any := azcore.ETagAny
		how.AccessConditions = &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: &any}}
	}
	_, err := b.client.UploadStream(ctx, b.name, key, r, how)
	return err
}

func (b azureBucket) remove(ctx context.Context, key string) error {
	_, err := b.client.DeleteBlob(ctx, b.name, key, nil)
	return err
}

func (b azureBucket) list(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		for pages := b.client.NewListBlobsFlatPager(b.name, &azblob.ListBlobsFlatOptions{Prefix: &prefix}); pages.More(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(Object{}, err)
				return
			}
			for _, o := range page.Segment.BlobItems {
				if !yield(Object{*o.Name, *o.Properties.ContentLength, string(*o.Properties.ETag)}, nil) {
					return
				}
			}
		}
	}
}

var azureClasses = map[bloberror.Code]class{
	bloberror.BlobNotFound: missing, bloberror.ResourceNotFound: missing, bloberror.ContainerNotFound: noBucket,
	bloberror.BlobAlreadyExists: exists, bloberror.ConditionNotMet: exists,
	bloberror.AuthenticationFailed: refused, bloberror.InvalidAuthenticationInfo: refused,
	bloberror.AuthorizationFailure: denied, bloberror.AuthorizationPermissionMismatch: denied, bloberror.InsufficientAccountPermissions: denied,
}

func (azureBucket) failure(err error) failure {
	var e *azcore.ResponseError
	if !errors.As(err, &e) {
		return failure{}
	}
	f := failure{azureClasses[bloberror.Code(e.ErrorCode)], e.ErrorCode, fmt.Sprintf("HTTP status %d", e.StatusCode)}
	if f.code == "" {
		f.code = http.StatusText(e.StatusCode)
	}
	return f
}
